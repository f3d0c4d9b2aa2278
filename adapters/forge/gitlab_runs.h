// Pipelines, jobs, branches and merge requests of GitLab, read for a run.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "adapters/forge/gitlab_api.h"
#include "daemon/domain/run.h"

namespace regreen {

// What stands for a job where the pipeline's definition itself is wrong: its log is GitLab's word.
constexpr char kDefinitionJob[] = "definition";

// The attempt that the hint names. Jobs are told only of a failed run that is not superseded, and
// of a fork's only where `forks`.
StatusOr<RunFacts> ReadGitlabRun(const GitlabApi& api, const RunHint& hint, bool forks,
                                 std::stop_token stop);

// The newest attempt, its state, and when its last job ended.
struct GitlabAttempt {
  int number = 1;
  std::string status;
  absl::Time ended = absl::InfinitePast();
};
StatusOr<GitlabAttempt> ReadGitlabAttempt(const GitlabApi& api, const RunKey& run,
                                          std::string_view what, std::stop_token stop);

// The commit of a branch, nullopt when there is none.
StatusOr<std::optional<std::string>> ReadGitlabBranch(const GitlabApi& api, const std::string& repo,
                                                      const std::string& branch,
                                                      std::stop_token stop);

// success, failed, canceled, skipped.
bool HasEnded(std::string_view pipeline_status);

}  // namespace regreen
