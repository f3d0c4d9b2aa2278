// Runs, jobs and branches of GitHub Actions.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "adapters/forge/github_api.h"
#include "daemon/domain/run.h"

namespace regreen {

// The attempt that the hint names. Jobs are read only of a failed run that is not superseded. Of a
// fork's run nothing more is asked unless `forks`; then it has to be of an open pull request whose
// head is that commit.
StatusOr<RunFacts> ReadGithubRun(const GithubApi& api, const RunHint& hint, bool forks,
                                 std::stop_token stop);

// The commit of a branch, nullopt when there is none.
StatusOr<std::optional<std::string>> ReadGithubBranch(const GithubApi& api, const std::string& repo,
                                                      const std::string& branch,
                                                      std::stop_token stop);

}  // namespace regreen
