// The jobs of a pipeline, retried ones included, and which attempt of the pipeline each belongs to.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/json.h"
#include "daemon/domain/run.h"

namespace regreen {

// A job that is retried stays as it is, and another of its name is made.
struct GitlabJob {
  std::int64_t id = 0;
  std::string name, status, failure_reason, link;
  bool allow_failure = false;
  absl::Time created = absl::InfinitePast();
  absl::Time finished = absl::InfinitePast();  // InfinitePast: not, or not known
  int attempt = 1;                             // that it was made in; set by NumberAttempts
};
GitlabJob GitlabJobOf(const Json& json);

// A pipeline keeps its id when its jobs are retried, and GitLab numbers nothing: an attempt begins
// with a retry of a job that ran in the attempt before. What GitLab retries by itself, in the
// moment that a job fails (`retry:` of the definition), is a part of the attempt. Sorts by id, and
// answers the number of attempts.
int NumberAttempts(std::vector<GitlabJob>& jobs);

// How long after the end of a job a retry of it is one that GitLab made by itself.
constexpr absl::Duration kByItself = absl::Seconds(3);

// The jobs as they stood at the end of an attempt, of each name the newest. Those that may fail are
// no failure.
std::vector<JobFacts> JobsOfAttempt(const std::vector<GitlabJob>& jobs, int attempt);

}  // namespace regreen
