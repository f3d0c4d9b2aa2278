#include "adapters/forge/github_logs.h"

#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxLog = 64 << 20;  // of 120 real logs the longest was 3.7 MB
constexpr absl::Duration kTimeout = absl::Minutes(2);
constexpr int kMaxHops = 3;
// How long after a job's end its log may still be on its way to the store.
constexpr absl::Duration kStoreDelay = absl::Minutes(10);

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// A location that may be followed: https to wherever the log is stored, plain http to the API's own
// host only (a local server).
StatusOr<HttpUrl> NextHop(const HttpAnswer& answer, const HttpUrl& from, const HttpUrl& api) {
  std::string location(HeaderValue(answer.headers, "location"));
  if (location.starts_with('/') && !location.starts_with("//")) location = from.Origin() + location;
  ASSIGN_OR_RETURN(HttpUrl next, ParseUrl(location));
  if (next.scheme != "https" && next.host != api.host) {
    return PermissionDenied(
        Cat("the log is to be fetched from ", next.Origin(), " without TLS, which is refused"));
  }
  return next;
}

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
    ASSIGN_OR_RETURN(const HttpUrl api, ParseUrl(api_.base()));
    HttpCall call = api_.Prepare(Cat(job_, "/logs"));
    call.timeout = kTimeout;
    call.max_body_bytes = kMaxLog;
    call.keep_ends = true;
    ASSIGN_OR_RETURN(HttpAnswer answer, api_.Fetch(call, stop_));
    ASSIGN_OR_RETURN(HttpUrl at, ParseUrl(call.url));
    for (int hop = 0; IsRedirect(answer.status); ++hop) {
      if (hop == kMaxHops) return Unavailable("the log is redirected too often");
      ASSIGN_OR_RETURN(at, NextHop(answer, at, api));
      // The location is signed by itself; the token is not for its host.
      call.headers = {{"user-agent", "regreen"}};
      call.url = at.Origin() + at.path;
      ASSIGN_OR_RETURN(answer, api_.Fetch(call, stop_));
    }
    return answer;
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
