// A set of policies: templates, log rules and guard rules, loaded and checked together.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/guard/rules.h"
#include "daemon/pipeline/policy_files.h"
#include "daemon/policy/loader.h"
#include "daemon/triage/triage.h"

namespace regreen {

// Immutable; shared between threads.
struct Policies {
  std::shared_ptr<const PolicySet> templates;
  std::shared_ptr<const RuleSet> rules;
  std::shared_ptr<const GuardRules> guard;
  std::shared_ptr<const std::vector<PolicyFile>> files;  // what it was read from
  // Hex of SHA-256 over the path and the bytes of every file; where the folder lies does not count.
  std::string digest;
  std::string origin;  // for people: "folder …", or "git <remote> <branch> at <commit>"

  bool complete() const { return templates && rules && guard; }
};

// Every mistake is noted; what could not be loaded is null. `shown_below` goes before the paths in
// messages: a folder, or "".
Policies LoadPolicyFiles(std::vector<PolicyFile> files, const std::string& shown_below,
                         Problems& problems);

struct PolicyEdit {
  std::string path;
  std::optional<std::string> text;  // nullopt: the file is removed
};
// What `base`, which may be empty, would be with these edits. Its log rules are not read again when
// none of them is edited.
Policies LoadEditedPolicies(const Policies& base, std::span<const PolicyEdit> edits,
                            Problems& problems);
// The same for what ReadPolicyFolder() finds: templates/*.toml, base/*.toml, prompts/*.md,
// rules/*.toml and guard/*.toml.
Policies LoadPolicyFolder(const std::filesystem::path& folder, Problems& problems);

}  // namespace regreen
