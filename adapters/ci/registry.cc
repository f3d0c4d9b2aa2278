#include "adapters/ci/registry.h"

#include "adapters/ci/buildkite.h"
#include "adapters/ci/cdevents.h"
#include "adapters/ci/circleci.h"
#include "adapters/ci/generic.h"
#include "adapters/ci/gitea.h"
#include "adapters/ci/github.h"
#include "adapters/ci/gitlab.h"
#include "adapters/ci/jenkins.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Kind {
  CiSupport support;
  StatusOr<std::unique_ptr<CiSource>> (*create)(const CiOptions& options);
};

constexpr Kind kKinds[] = {
    {{"github", "HMAC-SHA256", "from the forge", "yes"}, NewGithubCi},
    {{"gitlab", "token, or Standard Webhooks", "from the forge", "yes"}, NewGitlabCi},
    {{"gitea", "HMAC-SHA256", "from the forge", "as the forge can"}, NewGiteaCi},
    {{"jenkins", "Basic, Bearer or a token header", "consoleText, or in the delivery", "no"},
     NewJenkinsCi},
    {{"circleci", "HMAC-SHA256", "none", "no"}, NewCircleciCi},
    {{"buildkite", "HMAC-SHA256 with a time, or token", "none", "no"}, NewBuildkiteCi},
    {{"cdevents", "Basic, Bearer or a token header", "in the delivery, or by URL", "no"},
     NewCdeventsCi},
    {{"generic", "HMAC-SHA256, or a token header", "in the delivery, or by URL", "no"},
     NewGenericCi},
};

}  // namespace

StatusOr<std::unique_ptr<CiSource>> CreateCiSource(const CiOptions& options) {
  for (const Kind& kind : kKinds) {
    if (options.kind == kind.support.kind) return kind.create(options);
  }
  return InvalidArgument(Cat("there is no kind of CI named \"", EscapeControl(options.kind), "\"",
                             DidYouMean(options.kind, CiKinds())));
}

std::vector<std::string> CiKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.support.kind);
  return names;
}

std::vector<CiSupport> CiSupports() {
  std::vector<CiSupport> supports;
  for (const Kind& kind : kKinds) supports.push_back(kind.support);
  return supports;
}

}  // namespace regreen
