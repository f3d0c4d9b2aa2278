#include "adapters/forge/gitlab_merge.h"

#include <algorithm>
#include <utility>

#include "adapters/forge/gitlab_changes.h"
#include "adapters/forge/gitlab_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Words of `detailed_merge_status` for what GitLab is still finding out, or waits for by itself.
bool WillChange(std::string_view status) {
  constexpr std::string_view kWords[] = {
      "checking",         "unchecked",    "preparing",         "draft_status",
      "ci_still_running", "ci_must_pass", "approvals_syncing", "status_checks_must_pass"};
  return std::find(std::begin(kWords), std::end(kWords), status) != std::end(kWords);
}

class Merger {
 public:
  Merger(const GitlabApi& api, const ChangeKey& change, const std::string& commit,
         std::stop_token stop)
      : api_(api),
        commit_(commit),
        stop_(std::move(stop)),
        request_(Cat(ProjectPath(change.repo), "/merge_requests/", change.number)),
        what_(Cat("merging merge request ", change.number, " of ", change.repo)) {}

  Status Run() {
    ASSIGN_OR_RETURN(const Json request, api_.Get(request_, what_, stop_));
    if (request["iid"].IntOr(0) <= 0)
      return Unavailable(Cat(what_, ": GitLab's answer names no merge request"));
    const std::string state = request["state"].StringOr("");
    if (state == "merged") return OkStatus();
    if (state == "locked") return Unavailable(Cat(what_, ": GitLab is merging it"));
    if (state != "opened") return FailedPrecondition(Cat(what_, ": it is closed"));
    if (request["sha"].StringOr("") != commit_)
      return FailedPrecondition(Cat(what_, ": someone pushed to its branch"));
    if (request["merge_when_pipeline_succeeds"].BoolOr(false)) return OkStatus();
    const Json pipeline = request["head_pipeline"];
    const std::string status = pipeline["status"].StringOr("");
    if (status.empty()) return Unavailable(Cat(what_, ": none of its pipelines has begun"));
    if (HasEnded(status) && status != "success")
      return Unavailable(Cat(what_, ": its pipeline is not green: ", EscapeControl(status)));
    const std::string title = request["title"].StringOr("");
    if (IsDraftTitle(title)) RETURN_IF_ERROR(Final(MarkReady(title)));
    return Merge(!HasEnded(status), request["detailed_merge_status"].StringOr(""));
  }

 private:
  // A refusal is final for the caller, whatever GitLab's reason. It answers 401 to who may not
  // merge.
  static Status Final(const Status& status) {
    switch (status.code()) {
      case StatusCode::kInvalidArgument:
      case StatusCode::kPermissionDenied:
      case StatusCode::kUnauthenticated:
      case StatusCode::kNotFound:
      case StatusCode::kAborted:
        return FailedPrecondition(Message(status));
      default:
        return status;
    }
  }

  Status MarkReady(const std::string& title) {
    JsonWriter body;
    body.BeginObject().Field("title", WithoutDraft(title)).EndObject();
    return api_.Send("PUT", request_, body.Take(), what_, stop_).status();
  }

  // `auto_merge` is its name since GitLab 17.11; older ones know the other alone.
  Status Merge(bool when_green, std::string_view detailed) {
    JsonWriter body;
    body.BeginObject().Field("sha", commit_);
    if (when_green) body.Field("auto_merge", true).Field("merge_when_pipeline_succeeds", true);
    body.EndObject();
    const Status merged = api_.Send("PUT", request_ + "/merge", body.Take(), what_, stop_).status();
    const bool refused = merged.code() == StatusCode::kInvalidArgument;
    if (refused && WillChange(detailed)) return Unavailable(Message(merged));
    return Final(merged);
  }

  const GitlabApi& api_;
  const std::string& commit_;
  const std::stop_token stop_;
  const std::string request_, what_;
};

}  // namespace

Status MergeGitlabWhenGreen(const GitlabApi& api, const ChangeKey& change,
                            const std::string& commit, std::stop_token stop) {
  return Merger(api, change, commit, std::move(stop)).Run();
}

}  // namespace regreen
