#include "adapters/forge/registry.h"

#include "adapters/forge/git.h"
#include "adapters/forge/github.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Kind {
  const char* name;
  StatusOr<std::unique_ptr<Forge>> (*create)(const ForgeOptions&, const ForgeDependencies&);
};

constexpr Kind kKinds[] = {
    {"github", NewGithubForge},
    {"git", NewGitForge},
};

}  // namespace

StatusOr<std::unique_ptr<Forge>> CreateForge(const ForgeOptions& options,
                                             const ForgeDependencies& dependencies) {
  for (const Kind& kind : kKinds) {
    if (options.kind == kind.name) return kind.create(options, dependencies);
  }
  return InvalidArgument(Cat("there is no kind of forge named \"", EscapeControl(options.kind),
                             "\"", DidYouMean(options.kind, ForgeKinds())));
}

std::vector<std::string> ForgeKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

}  // namespace regreen
