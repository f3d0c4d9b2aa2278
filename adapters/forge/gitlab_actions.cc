#include "adapters/forge/gitlab_actions.h"

#include <optional>

#include "adapters/forge/addresses.h"
#include "adapters/forge/gitlab_jobs.h"
#include "adapters/forge/gitlab_merge.h"
#include "adapters/forge/gitlab_report.h"
#include "adapters/forge/gitlab_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// A retry sooner than kByItself would look like one that GitLab made; two clocks may differ a
// little.
constexpr absl::Duration kSoonest = absl::Seconds(6);

class Rerunner {
 public:
  Rerunner(const GitlabApi& api, const RunKey& key, std::stop_token stop)
      : api_(api),
        key_(key),
        stop_(std::move(stop)),
        what_(Cat("retrying pipeline ", key.run_id, " of ", key.repo)) {}

  Status Run() {
    ASSIGN_OR_RETURN(const std::optional<Status> settled, Look());
    if (settled) return *settled;
    const std::string retry = Cat(ProjectPath(key_.repo), "/pipelines/", key_.run_id, "/retry");
    const Status sent = api_.Send("POST", retry, "", what_, stop_).status();
    const bool refused =
        sent.code() == StatusCode::kPermissionDenied || sent.code() == StatusCode::kNotFound ||
        sent.code() == StatusCode::kAborted || sent.code() == StatusCode::kInvalidArgument;
    if (!refused && !MayHaveHappened(sent)) return sent;
    // A person may have been quicker, or the answer to an earlier try was lost.
    ASSIGN_OR_RETURN(const std::optional<Status> now, Look());
    if (now) return *now;
    return refused ? FailedPrecondition(Message(sent)) : sent;
  }

 private:
  // What needs no call any more: begun already, not to be had now, or never.
  StatusOr<std::optional<Status>> Look() {
    ASSIGN_OR_RETURN(const GitlabAttempt attempt, ReadGitlabAttempt(api_, key_, what_, stop_));
    if (attempt.number > key_.attempt) return std::optional(OkStatus());
    if (attempt.number < key_.attempt)
      return std::optional(Unavailable(Cat(what_, ": GitLab does not know of this attempt yet")));
    if (!HasEnded(attempt.status))
      return std::optional(Unavailable(Cat(what_, ": it still goes on")));
    if (attempt.status != "failed") {
      return std::optional(FailedPrecondition(
          Cat(what_, ": it is ", EscapeControl(attempt.status), " and not failed any more")));
    }
    if (absl::AbsDuration(api_.clock().Now() - attempt.ended) < kSoonest)
      return std::optional(Unavailable(Cat(what_, ": it has ended just now")));
    return std::optional<Status>();
  }

  const GitlabApi& api_;
  const RunKey& key_;
  const std::stop_token stop_;
  const std::string what_;
};

}  // namespace

Status GitlabActions::Rerun(const RunKey& run, std::stop_token stop) {
  RETURN_IF_ERROR(check_(run.repo));
  if (!IsNumericId(run.run_id)) return InvalidArgument("a GitLab pipeline's id is a number");
  return Rerunner(api_, run, std::move(stop)).Run();
}

StatusOr<std::string> GitlabActions::Tell(const Report& report, std::stop_token stop) {
  RETURN_IF_ERROR(check_(report.repo));
  return TellGitlab(api_, site_, report, std::move(stop));
}

Status GitlabActions::MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                                     std::stop_token stop) {
  RETURN_IF_ERROR(check_(change.repo));
  return MergeGitlabWhenGreen(api_, change, commit, std::move(stop));
}

StatusOr<std::vector<std::string>> GitlabActions::Labels(const std::string& repo, int pull_request,
                                                         std::stop_token stop) {
  RETURN_IF_ERROR(check_(repo));
  ASSIGN_OR_RETURN(const Json request,
                   api_.Get(Cat(ProjectPath(repo), "/merge_requests/", pull_request),
                            Cat("reading the labels of merge request ", pull_request, " of ", repo),
                            std::move(stop)));
  if (!request["labels"].IsArray()) return Unavailable("GitLab's answer names no merge request");
  return request["labels"].Strings();
}

}  // namespace regreen
