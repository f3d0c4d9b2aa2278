#include "daemon/pipeline/policies.h"

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

}  // namespace

Policies LoadPolicyFiles(std::span<const PolicyFile> files, const std::string& shown_below,
                         Problems& problems) {
  for (const PolicyFile& file : files) {
    if (file.text.size() > kMaxPolicyFileBytes)
      problems.Error({Shown(shown_below, file), 0, 0},
                     Cat("has more than ", kMaxPolicyFileBytes, " bytes"));
  }
  Policies policies;
  policies.templates =
      LoadPolicies(SourcesIn<PolicySource>("templates", files, shown_below), problems);
  policies.rules = RuleSet::Load(SourcesIn<RuleSource>("rules", files, shown_below), problems);
  policies.guard = GuardRules::Load(SourcesIn<GuardSource>("guard", files, shown_below), problems);
  policies.digest = PolicyDigest(files);
  return policies;
}

Policies LoadPolicyFolder(const std::filesystem::path& folder, Problems& problems) {
  const std::vector<PolicyFile> files = ReadPolicyFolder(folder, problems);
  Policies policies = LoadPolicyFiles(files, folder.string(), problems);
  policies.origin = Cat("folder ", folder.string());
  return policies;
}

}  // namespace regreen
