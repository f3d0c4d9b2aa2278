// The policies in force: templates, log rules and guard rules, loaded and checked together.
#pragma once

#include <filesystem>
#include <memory>

#include "daemon/base/toml.h"
#include "daemon/guard/rules.h"
#include "daemon/policy/loader.h"
#include "daemon/triage/triage.h"

namespace regreen {

// Immutable; shared between threads.
struct Policies {
  std::shared_ptr<const PolicySet> templates;
  std::shared_ptr<const RuleSet> rules;
  std::shared_ptr<const GuardRules> guard;
};

// Reads templates/*.toml, base/*.toml, prompts/*.md, rules/*.toml and guard/*.toml below the folder. Every mistake is noted;
// what could not be loaded is null.
Policies LoadPolicyFolder(const std::filesystem::path& folder, Problems& problems);

}  // namespace regreen
