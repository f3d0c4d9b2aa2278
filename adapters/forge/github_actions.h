// What GitHub can do besides runs and changes: run again, tell, merge, name labels. Sources:
// docs.github.com, "REST API" (workflow runs, issues, issue comments, commit comments, pulls) and
// "GraphQL API" (mutations of pull requests).
#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "adapters/forge/github_api.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

class GithubActions final : public ForgeActions {
 public:
  explicit GithubActions(GithubApiFor api_for) : api_for_(std::move(api_for)) {}

  Status Rerun(const RunKey& run, std::stop_token stop) override;
  StatusOr<std::string> Tell(const Report& report, std::stop_token stop) override;
  Status MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                        std::stop_token stop) override;
  StatusOr<std::vector<std::string>> Labels(const std::string& repo, int pull_request,
                                            std::stop_token stop) override;

 private:
  const GithubApiFor api_for_;
};

}  // namespace regreen
