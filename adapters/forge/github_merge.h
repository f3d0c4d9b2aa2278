// Pull requests that merge themselves.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/github_api.h"
#include "daemon/domain/change.h"

namespace regreen {

// As ForgeActions::MergeWhenGreen. Unavailable while its checks are neither required by the branch
// nor green, so that it has to be asked for again.
Status MergeGithubPullWhenGreen(const GithubApi& api, const ChangeKey& change,
                                const std::string& commit, std::stop_token stop);

// As ChangeCare::MarkReady.
Status MarkGithubPullReady(const GithubApi& api, const ChangeKey& change, const std::string& commit,
                           std::stop_token stop);

}  // namespace regreen
