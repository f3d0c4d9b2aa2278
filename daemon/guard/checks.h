// The guard's checks, one for each family of findings; private to the guard.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/patch.h"
#include "daemon/domain/plan.h"
#include "daemon/guard/patch_text.h"
#include "daemon/guard/rules.h"

namespace regreen {

using Findings = std::vector<Finding>;

// A path for a finding: printable, capped.
std::string ShownPath(std::string_view path);

// The path itself: nothing that another system could read as a path elsewhere, or as git's own
// files.
void CheckName(const FileText& file, const Plan& plan, Findings& out);
// Regular files only: no links, submodules or special bits.
void CheckModes(const FileText& file, Findings& out);
// Where the template lets patches go, and what is protected whatever it lets.
void CheckPlace(const FileText& file, const Plan& plan, const GuardRules& rules, Findings& out);
// What its added lines say.
void CheckAddedText(const FileText& file, const GuardRules& rules, Findings& out);
// The size of the whole.
void CheckSize(std::span<const FileText> files, const Plan& plan, Findings& out);

}  // namespace regreen
