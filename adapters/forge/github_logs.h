// Logs of GitHub Actions jobs.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/github_api.h"
#include "daemon/domain/run.h"

namespace regreen {

// Unavailable while the log is not stored yet; NotFound when it will never be there.
StatusOr<JobLog> ReadGithubLog(const GithubApi& api, const std::string& repo,
                               const std::string& job_id, std::stop_token stop);

}  // namespace regreen
