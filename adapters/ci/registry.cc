#include "adapters/ci/registry.h"

#include "adapters/ci/generic.h"
#include "adapters/ci/github.h"
#include "adapters/ci/gitlab.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Kind {
  const char* name;
  StatusOr<std::unique_ptr<CiSource>> (*create)(const CiOptions& options);
};

constexpr Kind kKinds[] = {
    {"github", NewGithubCi},
    {"gitlab", NewGitlabCi},
    {"generic", NewGenericCi},
};

}  // namespace

StatusOr<std::unique_ptr<CiSource>> CreateCiSource(const CiOptions& options) {
  for (const Kind& kind : kKinds) {
    if (options.kind == kind.name) return kind.create(options);
  }
  return InvalidArgument(Cat("there is no kind of CI named \"", EscapeControl(options.kind), "\"",
                             DidYouMean(options.kind, CiKinds())));
}

std::vector<std::string> CiKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

}  // namespace regreen
