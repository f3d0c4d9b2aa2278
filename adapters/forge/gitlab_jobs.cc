#include "adapters/forge/gitlab_jobs.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "adapters/forge/gitlab_api.h"
#include "daemon/base/text.h"

namespace regreen {

GitlabJob GitlabJobOf(const Json& json) {
  GitlabJob job;
  job.id = json["id"].IntOr(0);
  job.name = json["name"].StringOr("");
  job.status = json["status"].StringOr("");
  job.failure_reason = json["failure_reason"].StringOr("");
  job.link = json["web_url"].StringOr("");
  job.allow_failure = json["allow_failure"].BoolOr(false);
  job.created = GitlabTime(json["created_at"]);
  job.finished = GitlabTime(json["finished_at"]);
  return job;
}

int NumberAttempts(std::vector<GitlabJob>& jobs) {
  std::sort(jobs.begin(), jobs.end(),
            [](const GitlabJob& a, const GitlabJob& b) { return a.id < b.id; });
  int attempt = 1;
  absl::Time begun = absl::InfinitePast();
  std::map<std::string_view, const GitlabJob*> newest;
  for (GitlabJob& job : jobs) {
    const GitlabJob*& before = newest[job.name];
    if (before != nullptr) {
      const absl::Time ended = std::max(before->finished, before->created);
      const bool by_itself =
          before->finished != absl::InfinitePast() && job.created - before->finished < kByItself;
      // Jobs that are retried together are made one after the other: those that ended before the
      // first of them was made belong to the same attempt.
      if (!by_itself && (attempt == 1 || ended > begun)) {
        ++attempt;
        begun = job.created;
      }
      job.attempt = attempt;
    }
    before = &job;
  }
  return attempt;
}

std::vector<JobFacts> JobsOfAttempt(const std::vector<GitlabJob>& jobs, int attempt) {
  std::map<std::string_view, const GitlabJob*> newest;
  for (const GitlabJob& job : jobs) {
    if (job.attempt <= attempt) newest[job.name] = &job;
  }
  std::vector<JobFacts> facts;
  for (const GitlabJob& job : jobs) {
    if (newest[job.name] != &job) continue;
    JobFacts one;
    one.id = Cat(job.id);
    one.name = job.name;
    one.failed = job.status == "failed" && !job.allow_failure;
    one.conclusion = one.failed && !job.failure_reason.empty() ? job.failure_reason : job.status;
    one.link = job.link;
    facts.push_back(std::move(one));
  }
  return facts;
}

}  // namespace regreen
