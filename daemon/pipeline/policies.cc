#include "daemon/pipeline/policies.h"

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string Shown(const std::string& shown_below, const PolicyFile& file) {
  return shown_below.empty() ? file.path : Cat(shown_below, "/", file.path);
}

template <class Source>
std::vector<Source> SourcesIn(std::string_view folder, std::span<const PolicyFile> files,
                              const std::string& shown_below) {
  std::vector<Source> sources;
  for (const PolicyFile& file : files) {
    if (!IsPolicyPath(file.path) || !file.path.starts_with(Cat(folder, "/"))) continue;
    sources.push_back({Shown(shown_below, file), file.text});
  }
  return sources;
}

// Bases and prompts are referred to by their names.
std::vector<PolicySource> NamedIn(std::string_view folder, std::span<const PolicyFile> files,
                                  const std::string& shown_below) {
  std::vector<PolicySource> sources;
  for (const PolicyFile& file : files) {
    if (IsPolicyPath(file.path) && file.path.starts_with(Cat(folder, "/")))
      sources.push_back({Shown(shown_below, file), file.text, file.path});
  }
  return sources;
}

// A template that allows what there is not would seem to work, and be refused when it matters.
void CheckAllowed(const PolicySet& templates, const GuardRules& guard, Problems& problems) {
  const std::vector<std::string> names = guard.AllowableNames();
  for (const Template& t : templates.templates()) {
    for (const std::string& name : t.guard_allow) {
      if (std::ranges::find(names, name) != names.end()) continue;
      problems.Error(t.where, Cat("template ", t.name,
                                  ": no guard rule that a template may allow "
                                  "is named ",
                                  TomlQuote(name), DidYouMean(name, names)));
    }
  }
}

// `rules` are taken as they are when given: to compile their patterns is most of the work.
Policies Load(std::vector<PolicyFile> files, const std::string& shown_below,
              std::shared_ptr<const RuleSet> rules, Problems& problems) {
  for (const PolicyFile& file : files) {
    if (file.text.size() > kMaxPolicyFileBytes)
      problems.Error({Shown(shown_below, file), 0, 0},
                     Cat("has more than ", kMaxPolicyFileBytes, " bytes"));
  }
  Policies policies;
  policies.templates =
      LoadPolicies({SourcesIn<PolicySource>("templates", files, shown_below),
                    NamedIn("base", files, shown_below), NamedIn("prompts", files, shown_below)},
                   problems);
  policies.rules =
      rules != nullptr
          ? std::move(rules)
          : RuleSet::Load(SourcesIn<RuleSource>("rules", files, shown_below), problems);
  policies.guard = GuardRules::Load(SourcesIn<GuardSource>("guard", files, shown_below), problems);
  if (policies.templates != nullptr && policies.guard != nullptr)
    CheckAllowed(*policies.templates, *policies.guard, problems);
  policies.digest = PolicyDigest(files);
  policies.files = std::make_shared<const std::vector<PolicyFile>>(std::move(files));
  return policies;
}

}  // namespace

Policies LoadPolicyFiles(std::vector<PolicyFile> files, const std::string& shown_below,
                         Problems& problems) {
  return Load(std::move(files), shown_below, nullptr, problems);
}

Policies LoadEditedPolicies(const Policies& base, std::span<const PolicyEdit> edits,
                            Problems& problems) {
  std::map<std::string, std::string> texts;
  if (base.files != nullptr) {
    for (const PolicyFile& file : *base.files) texts[file.path] = file.text;
  }
  bool same_rules = true;
  for (const PolicyEdit& edit : edits) {
    same_rules = same_rules && !edit.path.starts_with("rules/");
    if (edit.text) {
      texts[edit.path] = *edit.text;
    } else {
      texts.erase(edit.path);
    }
  }
  std::vector<PolicyFile> files;
  for (auto& [path, text] : texts) files.push_back({path, std::move(text)});
  return Load(std::move(files), "", same_rules ? base.rules : nullptr, problems);
}

Policies LoadPolicyFolder(const std::filesystem::path& folder, Problems& problems) {
  std::vector<PolicyFile> files = ReadPolicyFolder(folder, problems);
  Policies policies = LoadPolicyFiles(std::move(files), folder.string(), problems);
  policies.origin = Cat("folder ", folder.string());
  return policies;
}

}  // namespace regreen
