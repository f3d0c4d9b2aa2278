#include "adapters/forge/gitlab_care.h"

#include <optional>

#include "adapters/forge/check_tally.h"
#include "adapters/forge/gitlab_changes.h"
#include "adapters/forge/gitlab_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostPages = 3;

// "List commit statuses": the newest of each name, jobs and what others report alike. A manual job
// waits for a person and says nothing.
void CountStatus(const Json& status, CheckTally& tally) {
  const std::string word = status["status"].StringOr("");
  if (word == "success" || word == "skipped" || word == "manual" ||
      status["allow_failure"].BoolOr(false)) {
    tally.Green();
  } else if (word == "failed") {
    tally.Red({status["name"].StringOr(""), Cat(status["id"].IntOr(0))});
  } else {
    tally.Undecided();
  }
}

std::string RequestPath(const ChangeKey& change) {
  return Cat(ProjectPath(change.repo), "/merge_requests/", change.number);
}

// What GitLab refuses is left, whatever its reason. It answers 401 to who may not.
Status Final(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kPermissionDenied:
    case StatusCode::kUnauthenticated:
    case StatusCode::kAborted:
      return FailedPrecondition(Message(status));
    default:
      return status;
  }
}

}  // namespace

StatusOr<Checks> GitlabCare::ReadChecks(const std::string& repo, const std::string& commit,
                                        std::stop_token stop) {
  RETURN_IF_ERROR(check_(repo));
  const std::string list = Cat(ProjectPath(repo), "/repository/commits/", PercentEncode(commit),
                               "/statuses?per_page=100");
  CheckTally tally;
  std::size_t seen = 0;
  RETURN_IF_ERROR(api_.GetPages(list, kMostPages, Cat("reading the statuses of a commit of ", repo),
                                std::move(stop), [&](const Json& status) {
                                  ++seen;
                                  CountStatus(status, tally);
                                  return true;
                                }));
  // What was not seen may be red.
  if (seen >= std::size_t{kMostPages} * 100) tally.Undecided();
  return tally.Take();
}

StatusOr<Json> GitlabCare::ReadOpen(const ChangeKey& change, const std::string& commit,
                                    const std::string& what, std::stop_token stop) const {
  RETURN_IF_ERROR(check_(change.repo));
  ASSIGN_OR_RETURN(Json request, api_.Get(RequestPath(change), what, std::move(stop)));
  if (request["state"].StringOr("") != "opened") return Json();
  if (request["sha"].StringOr("") != commit)
    return FailedPrecondition(Cat(what, ": someone pushed to its branch"));
  return request;
}

Status GitlabCare::MarkReady(const ChangeKey& change, const std::string& commit,
                             std::stop_token stop) {
  const std::string what =
      Cat("taking merge request ", change.number, " of ", change.repo, " out of draft");
  ASSIGN_OR_RETURN(const Json request, ReadOpen(change, commit, what, stop));
  if (request.IsNull()) return FailedPrecondition(Cat(what, ": it is closed"));
  const std::string title = request["title"].StringOr("");
  if (!IsDraftTitle(title)) return OkStatus();
  JsonWriter body;
  body.BeginObject().Field("title", WithoutDraft(title)).EndObject();
  return Final(api_.Send("PUT", RequestPath(change), body.Take(), what, std::move(stop)).status());
}

Status GitlabCare::Close(const ChangeKey& change, const std::string& commit, std::stop_token stop) {
  const std::string what = Cat("closing merge request ", change.number, " of ", change.repo);
  ASSIGN_OR_RETURN(const Json request, ReadOpen(change, commit, what, stop));
  if (request.IsNull()) return OkStatus();
  return Final(
      api_.Send("PUT", RequestPath(change), R"({"state_event":"close"})", what, std::move(stop))
          .status());
}

Status GitlabCare::DeleteBranch(const std::string& repo, const std::string& branch,
                                const std::string& commit, std::stop_token stop) {
  RETURN_IF_ERROR(check_(repo));
  ASSIGN_OR_RETURN(const std::optional<std::string> tip,
                   ReadGitlabBranch(api_, repo, branch, stop));
  if (!tip) return OkStatus();
  if (*tip != commit) return FailedPrecondition("someone pushed to the branch: it is kept");
  const Status deleted =
      api_.Send("DELETE", Cat(ProjectPath(repo), "/repository/branches/", PercentEncode(branch)),
                "", Cat("deleting a branch of ", repo), std::move(stop))
          .status();
  return deleted.code() == StatusCode::kNotFound ? OkStatus() : Final(deleted);
}

}  // namespace regreen
