// What GitLab can do besides pipelines and merge requests: run again, tell, merge, name labels.
// Source: docs.gitlab.com, "REST API" (pipelines, notes, commits, issues, merge requests).
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "adapters/forge/gitlab_api.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

class GitlabActions final : public ForgeActions {
 public:
  // Says whether a repository may be touched, in the forge's own words.
  using RepoCheck = std::function<Status(const std::string& repo)>;

  // `api` outlives it. `site`: where people look.
  GitlabActions(const GitlabApi& api, std::string site, RepoCheck check)
      : api_(api), site_(std::move(site)), check_(std::move(check)) {}

  Status Rerun(const RunKey& run, std::stop_token stop) override;
  StatusOr<std::string> Tell(const Report& report, std::stop_token stop) override;
  Status MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                        std::stop_token stop) override;
  StatusOr<std::vector<std::string>> Labels(const std::string& repo, int pull_request,
                                            std::stop_token stop) override;

 private:
  const GitlabApi& api_;
  const std::string site_;
  const RepoCheck check_;
};

}  // namespace regreen
