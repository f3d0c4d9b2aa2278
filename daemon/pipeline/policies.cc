#include "daemon/pipeline/policies.h"

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kMaxFiles = 10'000;

// Every file of a folder, by name: what is loaded does not depend on the order of a folder.
template <class Source>
std::vector<Source> ReadSources(const std::filesystem::path& folder, Problems& problems,
                                std::string_view extension = ".toml") {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == extension && paths.size() < kMaxFiles)
      paths.push_back(it->path());
  }
  if (error) problems.Error({folder.string(), 0, 0}, Cat("cannot be read: ", error.message()));
  std::sort(paths.begin(), paths.end());
  std::vector<Source> sources;
  for (const auto& path : paths) {
    auto text = ReadFile(path, kMaxFileBytes);
    if (text.ok()) {
      sources.push_back({path.string(), *std::move(text)});
    } else {
      problems.Error({path.string(), 0, 0}, Message(text.status()));
    }
  }
  return sources;
}

// Those of a folder that need not be there; they are referred to by their names.
std::vector<PolicySource> ReadNamed(const std::filesystem::path& folder, Problems& problems,
                                    std::string_view extension) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return {};
  auto sources = ReadSources<PolicySource>(folder, problems, extension);
  for (PolicySource& source : sources) {
    const std::filesystem::path path(source.file);
    source.name = Cat(folder.filename().string(), "/", path.filename().string());
  }
  return sources;
}

}  // namespace

Policies LoadPolicyFolder(const std::filesystem::path& folder, Problems& problems) {
  Policies policies;
  policies.templates = LoadPolicies({ReadSources<PolicySource>(folder / "templates", problems),
                                     ReadNamed(folder / "base", problems, ".toml"),
                                     ReadNamed(folder / "prompts", problems, ".md")},
                                    problems);
  policies.rules = RuleSet::Load(ReadSources<RuleSource>(folder / "rules", problems), problems);
  policies.guard = GuardRules::Load(ReadSources<GuardSource>(folder / "guard", problems), problems);
  return policies;
}

}  // namespace regreen
