#include "adapters/forge/gitlab_logs.h"

#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/gitlab_runs.h"
#include "adapters/forge/log_fetch.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// How long after a job's end its last lines may still be on their way.
constexpr absl::Duration kStoreDelay = absl::Minutes(5);

class TraceReader {
 public:
  TraceReader(const GitlabApi& api, const RunKey& run, const std::string& job_id,
              std::stop_token stop)
      : api_(api),
        stop_(std::move(stop)),
        job_(Cat(ProjectPath(run.repo), "/jobs/", job_id)),
        what_(Cat("reading the log of job ", job_id, " of ", run.repo)) {}

  StatusOr<JobLog> Read() {
    auto answer = FetchLog(api_.Prepare(job_ + "/trace"), api_.base(),
                           [this](HttpCall call) { return api_.Fetch(std::move(call), stop_); });
    if (!answer.ok()) return Annotate(answer.status(), what_);
    if (answer->status == 404) return WhyMissing();
    RETURN_IF_ERROR(api_.ErrorOf(*answer, what_));
    // So it is answered for a job that no runner ever wrote for.
    if (answer->body.empty()) return WhyMissing();
    return JobLog{std::move(answer->body), answer->truncated};
  }

 private:
  Status WhyMissing() const {
    ASSIGN_OR_RETURN(const Json job, api_.Get(job_, what_, stop_));
    const std::string status = job["status"].StringOr("");
    const std::string reason = job["failure_reason"].StringOr("");
    if (job["erased_at"].IsString()) return NotFound(Cat(what_, ": it was erased"));
    const absl::Time finished = GitlabTime(job["finished_at"]);
    if (!HasEnded(status)) return Unavailable(Cat(what_, ": the job has not ended yet"));
    if (api_.clock().Now() - finished < kStoreDelay)
      return Unavailable(Cat(what_, ": GitLab has not stored it yet"));
    return NotFound(Cat(what_, ": there is none; the job is ", EscapeControl(status),
                        reason.empty() ? "" : Cat(" (", EscapeControl(reason), ")")));
  }

  const GitlabApi& api_;
  const std::stop_token stop_;
  const std::string job_, what_;
};

StatusOr<JobLog> ReadDefinitionErrors(const GitlabApi& api, const RunKey& run,
                                      std::stop_token stop) {
  ASSIGN_OR_RETURN(
      const Json pipeline,
      api.Get(Cat(ProjectPath(run.repo), "/pipelines/", run.run_id),
              Cat("reading what is wrong with pipeline ", run.run_id, " of ", run.repo),
              std::move(stop)));
  const std::string errors = pipeline["yaml_errors"].StringOr("");
  if (errors.empty()) return NotFound("GitLab does not say any more what was wrong");
  return JobLog{Cat("Found errors in your .gitlab-ci.yml:\n", errors, "\n"), false};
}

}  // namespace

StatusOr<JobLog> ReadGitlabLog(const GitlabApi& api, const RunKey& run, const JobFacts& job,
                               std::stop_token stop) {
  if (job.id == kDefinitionJob) return ReadDefinitionErrors(api, run, std::move(stop));
  if (!IsNumericId(job.id)) return InvalidArgument("a GitLab job's id is a number");
  return TraceReader(api, run, job.id, std::move(stop)).Read();
}

}  // namespace regreen
