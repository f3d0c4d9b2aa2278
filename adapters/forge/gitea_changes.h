// Pull requests of Gitea and Forgejo.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "adapters/forge/gitea_api.h"
#include "daemon/domain/change.h"

namespace regreen {

// Opens the pull request of the branch, or updates the one that is open.
StatusOr<Change> EnsureGiteaPull(const GiteaApi& api, const ChangeRequest& request,
                                 std::stop_token stop);
StatusOr<ChangeState> ReadGiteaPull(const GiteaApi& api, const ChangeKey& key,
                                    std::stop_token stop);

// A draft is told by its title alone. Source: Gitea's configuration cheat sheet,
// [repository.pull-request] WORK_IN_PROGRESS_PREFIXES, as it comes: "WIP:" and "[WIP]".
bool IsWorkInProgress(std::string_view title);
std::string WithoutWorkInProgress(std::string_view title);

}  // namespace regreen
