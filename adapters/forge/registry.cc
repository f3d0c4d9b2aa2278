#include "adapters/forge/registry.h"

#include "adapters/forge/git.h"
#include "adapters/forge/gitea.h"
#include "adapters/forge/github.h"
#include "adapters/forge/gitlab.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Kind {
  const char* name;
  StatusOr<std::unique_ptr<Forge>> (*create)(const ForgeOptions&, const ForgeDependencies&);
};

constexpr Kind kKinds[] = {
    {"github", NewGithubForge},
    {"gitlab", NewGitlabForge},
    {"gitea", NewGiteaForge},
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

ForgeClientOptions ClientOptionsOf(const ForgeOptions& options,
                                   const ForgeDependencies& dependencies, const Manners& manners,
                                   const std::string& api) {
  ForgeClientOptions client;
  client.forge = options.name;
  client.api = api;
  client.manners = &manners;
  client.writes_apart = options.writes_apart;
  client.http = dependencies.http;
  client.clock = dependencies.clock;
  client.traffic = dependencies.traffic;
  client.gates = dependencies.gates;
  return client;
}

std::string ApiOf(const std::string& kind, const std::string& api) {
  if (!api.empty() || kind == "gitea") return api;
  return kind == "gitlab" ? "https://gitlab.com/api/v4" : "https://api.github.com";
}

std::string GitOf(const std::string& kind, const std::string& api, const std::string& git) {
  if (!git.empty()) return git;
  if (kind != "gitlab" && kind != "gitea") return "https://github.com";
  const std::string address = ApiOf(kind, api);
  return address.substr(0, address.rfind(kind == "gitea" ? "/api/v1" : "/api/v4"));
}

}  // namespace regreen
