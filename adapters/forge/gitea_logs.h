// Logs of jobs of Gitea Actions.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/gitea_api.h"
#include "daemon/domain/run.h"

namespace regreen {

// Unavailable while the job goes on; NotFound when the log will never be there, as at Forgejo.
StatusOr<JobLog> ReadGiteaLog(const GiteaApi& api, const RunKey& run, const JobFacts& job,
                              std::stop_token stop);

}  // namespace regreen
