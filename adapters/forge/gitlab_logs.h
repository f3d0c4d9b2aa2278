// Logs of GitLab jobs ("traces").
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/gitlab_api.h"
#include "daemon/domain/run.h"

namespace regreen {

// Unavailable while the log is not stored yet; NotFound when it will never be there.
StatusOr<JobLog> ReadGitlabLog(const GitlabApi& api, const RunKey& run, const JobFacts& job,
                               std::stop_token stop);

}  // namespace regreen
