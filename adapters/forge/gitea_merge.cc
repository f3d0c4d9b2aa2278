#include "adapters/forge/gitea_merge.h"

#include <utility>

#include "adapters/forge/gitea_changes.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class Merger {
 public:
  Merger(const GiteaApi& api, const ChangeKey& change, const std::string& commit,
         std::stop_token stop)
      : api_(api),
        commit_(commit),
        stop_(std::move(stop)),
        root_(GiteaRepo(change.repo)),
        pull_(Cat(root_, "/pulls/", change.number)),
        what_(Cat("merging pull request ", change.number, " of ", change.repo)) {}

  Status Run() {
    ASSIGN_OR_RETURN(const Json pull, api_.Get(pull_, what_, stop_));
    if (pull["merged"].BoolOr(false)) return OkStatus();
    if (pull["state"].StringOr("") != "open")
      return FailedPrecondition(Cat(what_, ": it is closed"));
    if (pull["head"]["sha"].StringOr("") != commit_)
      return FailedPrecondition(Cat(what_, ": someone pushed to its branch"));
    RETURN_IF_ERROR(CheckGreen());
    const std::string title = pull["title"].StringOr("");
    if (IsWorkInProgress(title)) RETURN_IF_ERROR(Final(MarkReady(title)));
    return Merge(StyleOf(pull["base"]["repo"]));
  }

 private:
  // A refusal is final for the caller, whatever the reason, but for the moment in which the forge
  // still finds out whether there are conflicts: 405 "Please try again later".
  static Status Final(const Status& status) {
    switch (status.code()) {
      case StatusCode::kInvalidArgument:
        if (Lower(Message(status)).find("try again later") != std::string::npos)
          return Unavailable(Message(status));
        return FailedPrecondition(Message(status));
      case StatusCode::kPermissionDenied:
      case StatusCode::kNotFound:
      case StatusCode::kAborted:
        return FailedPrecondition(Message(status));
      default:
        return status;
    }
  }

  Status CheckGreen() {
    ASSIGN_OR_RETURN(
        const Json status,
        api_.Get(Cat(root_, "/commits/", PercentEncode(commit_), "/status"), what_, stop_));
    if (status["total_count"].IntOr(0) == 0)
      return Unavailable(Cat(what_, ": none of its checks has begun"));
    if (status["state"].StringOr("") != "success")
      return Unavailable(Cat(what_, ": its checks are not all green"));
    return OkStatus();
  }

  Status MarkReady(const std::string& title) {
    JsonWriter body;
    body.BeginObject().Field("title", WithoutWorkInProgress(title)).EndObject();
    return api_.Send("PATCH", pull_, body.Take(), what_, stop_).status();
  }

  // The first that the repository allows; those that it does not name are taken for allowed.
  static std::string StyleOf(const Json& repository) {
    if (repository["allow_merge_commits"].BoolOr(true)) return "merge";
    return repository["allow_squash_merge"].BoolOr(true) ? "squash" : "rebase";
  }

  // 200 has no body; 409 also when the head has moved on from head_commit_id.
  Status Merge(const std::string& style) {
    JsonWriter body;
    body.BeginObject().Field("Do", style).Field("head_commit_id", commit_).EndObject();
    return Final(api_.Send("POST", pull_ + "/merge", body.Take(), what_, stop_).status());
  }

  const GiteaApi& api_;
  const std::string& commit_;
  const std::stop_token stop_;
  const std::string root_, pull_, what_;
};

}  // namespace

Status MergeGiteaWhenGreen(const GiteaApi& api, const ChangeKey& change, const std::string& commit,
                           std::stop_token stop) {
  return Merger(api, change, commit, std::move(stop)).Run();
}

}  // namespace regreen
