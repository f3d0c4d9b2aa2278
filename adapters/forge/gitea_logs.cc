#include "adapters/forge/gitea_logs.h"

#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/gitea_runs.h"
#include "adapters/forge/log_fetch.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// How long after a job's end its log may still be on its way to the store.
constexpr absl::Duration kStoreDelay = absl::Minutes(5);

class LogReader {
 public:
  LogReader(const GiteaApi& api, const RunKey& run, const std::string& job_id, std::stop_token stop)
      : api_(api),
        stop_(std::move(stop)),
        job_(Cat(GiteaRepo(run.repo), "/actions/jobs/", job_id)),
        what_(Cat("reading the log of job ", job_id, " of ", run.repo)) {}

  StatusOr<JobLog> Read() {
    auto answer = FetchLog(api_.Prepare(job_ + "/logs"), api_.base(),
                           [this](HttpCall call) { return api_.Fetch(std::move(call), stop_); });
    if (!answer.ok()) return Annotate(answer.status(), what_);
    if (answer->status == 404) return WhyMissing();
    RETURN_IF_ERROR(api_.ErrorOf(*answer, what_));
    return JobLog{std::move(answer->body), answer->truncated};
  }

 private:
  Status WhyMissing() const {
    ASSIGN_OR_RETURN(const Json job, api_.Get(job_, what_, stop_));
    if (job["status"].StringOr("") != "completed")
      return Unavailable(Cat(what_, ": the job has not ended yet"));
    absl::Time ended = absl::InfinitePast();
    const bool dated =
        absl::ParseTime(absl::RFC3339_full, job["completed_at"].StringOr(""), &ended, nullptr);
    if (dated && api_.clock().Now() - ended < kStoreDelay)
      return Unavailable(Cat(what_, ": the forge has not stored it yet"));
    return NotFound(Cat(what_, ": the forge has none, or does not keep it any more"));
  }

  const GiteaApi& api_;
  const std::stop_token stop_;
  const std::string job_, what_;
};

}  // namespace

StatusOr<JobLog> ReadGiteaLog(const GiteaApi& api, const RunKey& run, const JobFacts& job,
                              std::stop_token stop) {
  if (job.id.starts_with(kForgejoTask)) {
    return NotFound(
        "Forgejo gives no logs by its API: have a step of the workflow send the log to a CI of the "
        "kind generic");
  }
  if (!IsNumericId(job.id)) return InvalidArgument("a job's id at Gitea is a number");
  return LogReader(api, run, job.id, std::move(stop)).Read();
}

}  // namespace regreen
