// What GitHub can do besides runs and changes: run again, tell, merge, name labels. Sources:
// docs.github.com, "REST API" (workflow runs, issues, issue comments, commit comments, pulls) and
// "GraphQL API" (mutations of pull requests).
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "adapters/forge/github_api.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

class GithubActions final : public ForgeActions {
 public:
  // Says whether a repository may be touched, in the forge's own words.
  using RepoCheck = std::function<Status(const std::string& repo)>;

  // `api` outlives it.
  GithubActions(const GithubApi& api, RepoCheck check) : api_(api), check_(std::move(check)) {}

  Status Rerun(const RunKey& run, std::stop_token stop) override;
  StatusOr<std::string> Tell(const Report& report, std::stop_token stop) override;
  Status MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                        std::stop_token stop) override;
  StatusOr<std::vector<std::string>> Labels(const std::string& repo, int pull_request,
                                            std::stop_token stop) override;

 private:
  const GithubApi& api_;
  const RepoCheck check_;
};

}  // namespace regreen
