// Pull requests.
#pragma once

#include <stop_token>

#include "adapters/forge/github_api.h"
#include "daemon/domain/change.h"

namespace regreen {

// Opens the pull request of the branch, or updates the one that is open.
StatusOr<Change> EnsureGithubPull(const GithubApi& api, const ChangeRequest& request,
                                  std::stop_token stop);
StatusOr<ChangeState> ReadGithubPull(const GithubApi& api, const ChangeKey& key,
                                     std::stop_token stop);

}  // namespace regreen
