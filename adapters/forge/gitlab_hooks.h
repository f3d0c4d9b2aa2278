// Pipelines of GitLab that no webhook told of, and webhooks that failed. Sources: docs.gitlab.com,
// "REST API" (pipelines, projects, project webhooks).
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "adapters/forge/gitlab_api.h"
#include "daemon/ports/forge_missed.h"

namespace regreen {

class GitlabMissed final : public ForgeMissed {
 public:
  using RepoCheck = std::function<Status(const std::string& repo)>;

  // `api` outlives it.
  GitlabMissed(const GitlabApi& api, RepoCheck check) : api_(api), check_(std::move(check)) {}

  StatusOr<std::vector<std::string>> Repositories(std::stop_token stop) override;
  StatusOr<std::vector<MissedRun>> FailedRuns(const std::string& repo, absl::Time since,
                                              std::stop_token stop) override;
  // Nothing: GitLab tries its webhooks again by no key that could be told from a new one.
  StatusOr<Redelivered> Redeliver(const std::string& repo, const std::vector<std::string>& paths,
                                  absl::Time since, std::stop_token stop) override;

 private:
  const GitlabApi& api_;
  const RepoCheck check_;
};

}  // namespace regreen
