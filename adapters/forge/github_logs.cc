#include "adapters/forge/github_logs.h"

#include <utility>

#include "adapters/forge/log_fetch.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// How long after a job's end its log may still be on its way to the store.
constexpr absl::Duration kStoreDelay = absl::Minutes(10);

class LogReader {
 public:
  LogReader(const GithubApi& api, const std::string& repo, const std::string& job_id,
            std::stop_token stop)
      : api_(api),
        stop_(std::move(stop)),
        job_(Cat("/repos/", RepoPath(repo), "/actions/jobs/", PercentEncode(job_id))),
        what_(Cat("reading the log of job ", EscapeControl(job_id), " of ", repo)) {}

  StatusOr<JobLog> Read() {
    auto answer = Follow();
    if (!answer.ok()) return Annotate(answer.status(), what_);
    if (answer->status == 404) return WhyMissing();
    RETURN_IF_ERROR(api_.ErrorOf(*answer, what_));
    return JobLog{std::move(answer->body), answer->truncated};
  }

 private:
  StatusOr<HttpAnswer> Follow() const {
    return FetchLog(api_.Prepare(Cat(job_, "/logs")), api_.base(),
                    [this](HttpCall call) { return api_.Fetch(std::move(call), stop_); });
  }

  Status WhyMissing() const {
    ASSIGN_OR_RETURN(const Json job, api_.Get(job_, what_, stop_));
    if (job["status"].StringOr("") != "completed")
      return Unavailable(Cat(what_, ": the job has not ended yet"));
    const std::string conclusion = job["conclusion"].StringOr("");
    if (conclusion == "cancelled" || conclusion == "skipped") {
      return NotFound(Cat(what_, ": the job was ", conclusion, " and has no log"));
    }
    absl::Time completed;
    std::string unused;
    if (absl::ParseTime(absl::RFC3339_full, job["completed_at"].StringOr(""), &completed,
                        &unused) &&
        api_.clock().Now() - completed > kStoreDelay) {
      return NotFound(Cat(what_, ": GitHub does not keep it any more"));
    }
    return Unavailable(Cat(what_, ": GitHub has not stored it yet"));
  }

  const GithubApi& api_;
  const std::stop_token stop_;
  const std::string job_, what_;
};

}  // namespace

StatusOr<JobLog> ReadGithubLog(const GithubApi& api, const std::string& repo,
                               const std::string& job_id, std::stop_token stop) {
  return LogReader(api, repo, job_id, std::move(stop)).Read();
}

}  // namespace regreen
