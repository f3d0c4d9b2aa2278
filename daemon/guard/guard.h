// The guard: what may leave a workspace. Pure and linear in the size of the patch; fails closed:
// bytes that it cannot read are refused.
#pragma once

#include "daemon/domain/patch.h"
#include "daemon/domain/plan.h"
#include "daemon/guard/rules.h"

namespace regreen {

// Every reason at once, in the order of the patch; allowed when there is none. Rules by name:
//   empty, format (not readable, or the bytes and the list of files disagree), name, git-file,
//   mode, paths, binary, max_files, max_lines, and those of the rules' own names.
// Reasons are safe to print and hold nothing of a secret that was found.
Verdict Judge(const Patch& patch, const Plan& plan, const GuardRules& rules);

}  // namespace regreen
