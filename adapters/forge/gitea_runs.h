// Runs, jobs and branches of Gitea Actions and Forgejo Actions. Source of the fields:
// ActionWorkflowRun, ActionWorkflowJob and ActionTask of Gitea's API description; ActionRun of
// Forgejo's, which tells a run in words of its own.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapters/forge/gitea_api.h"
#include "daemon/domain/run.h"

namespace regreen {

// Before the id of a job that Forgejo knows only as a task, of which it gives no log.
constexpr std::string_view kForgejoTask = "task-";

// The attempt that the hint names. Jobs are told only of a failed run that is not superseded, and
// of a fork's only where `forks`. A run whose origin is not told counts as superseded.
StatusOr<RunFacts> ReadGiteaRun(const GiteaApi& api, const RunHint& hint, bool forks,
                                std::stop_token stop);

// The commit of a branch, nullopt when there is none.
StatusOr<std::optional<std::string>> ReadGiteaBranch(const GiteaApi& api, const std::string& repo,
                                                     const std::string& branch,
                                                     std::stop_token stop);

// From 1. A version that does not number attempts says 0.
int GiteaAttempt(const Json& run);
// Whether the run is told as Forgejo does it.
bool IsForgejoRun(const Json& run);

}  // namespace regreen
