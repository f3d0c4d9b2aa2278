// Webhooks of GitHub that did not arrive, and runs that they would have told of. Sources:
// docs.github.com, "REST API" (app webhooks, repository webhooks, workflow runs, installations) and
// "Handling failed webhook deliveries".
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "adapters/forge/github_api.h"
#include "daemon/ports/forge_missed.h"

namespace regreen {

struct GithubAccess {
  GithubApiFor for_repo;
  // As the app itself, and with what may be read of one of its installations; empty for a token.
  std::function<StatusOr<GithubApi>()> as_app;
  // By a token that is no installation's ("") or one's.
  std::function<GithubApi(Secret token, const std::string& installation)> with_token;
  Secret token;  // "" for an app
  std::function<bool(const std::string& repo)> may_work_on;
};

class GithubMissed final : public ForgeMissed {
 public:
  explicit GithubMissed(GithubAccess access) : access_(std::move(access)) {}

  StatusOr<std::vector<std::string>> Repositories(std::stop_token stop) override;
  StatusOr<std::vector<MissedRun>> FailedRuns(const std::string& repo, absl::Time since,
                                              std::stop_token stop) override;
  StatusOr<Redelivered> Redeliver(const std::string& repo, const std::vector<std::string>& paths,
                                  absl::Time since, std::stop_token stop) override;

 private:
  const GithubAccess access_;
};

}  // namespace regreen
