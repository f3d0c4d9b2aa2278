#include "adapters/forge/github_care.h"

#include <optional>

#include "adapters/forge/check_tally.h"
#include "adapters/forge/github_merge.h"
#include "adapters/forge/github_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// "Get check runs for a Git reference": the newest of each name. One that was cancelled, or that
// waits for a person, says nothing of the commit.
void CountRun(const Json& run, CheckTally& tally) {
  const std::string conclusion = run["conclusion"].StringOr("");
  if (run["status"].StringOr("") != "completed") {
    tally.Undecided();
  } else if (conclusion == "success" || conclusion == "neutral" || conclusion == "skipped") {
    tally.Green();
  } else if (conclusion == "failure" || conclusion == "timed_out" ||
             conclusion == "startup_failure") {
    // Of GitHub Actions, a check run is a job, and has its number.
    const bool job = run["app"]["slug"].StringOr("") == "github-actions";
    tally.Red({run["name"].StringOr(""), job ? Cat(run["id"].IntOr(0)) : std::string()});
  } else {
    tally.Undecided();
  }
}

void CountStatus(const Json& status, CheckTally& tally) {
  const std::string state = status["state"].StringOr("");
  if (state == "success") {
    tally.Green();
  } else if (state == "failure" || state == "error") {
    tally.Red({status["context"].StringOr(""), ""});
  } else {
    tally.Undecided();
  }
}

// What GitHub refuses is left, whatever its reason.
Status Final(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kPermissionDenied:
    case StatusCode::kAborted:
      return FailedPrecondition(Message(status));
    default:
      return status;
  }
}

}  // namespace

StatusOr<Checks> GithubCare::ReadChecks(const std::string& repo, const std::string& commit,
                                        std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(repo, stop));
  const std::string at = Cat("/repos/", RepoPath(repo), "/commits/", PercentEncode(commit));
  const std::string what = Cat("reading the checks of a commit of ", repo);
  ASSIGN_OR_RETURN(const Json runs, api.Get(at + "/check-runs?per_page=100", what, stop));
  ASSIGN_OR_RETURN(const Json status, api.Get(at + "/status?per_page=100", what, stop));
  CheckTally tally;
  for (const Json& run : runs["check_runs"].Elements()) CountRun(run, tally);
  for (const Json& one : status["statuses"].Elements()) CountStatus(one, tally);
  const auto more = [](const Json& list, std::size_t seen) {
    return list["total_count"].IntOr(0) > static_cast<std::int64_t>(seen);
  };
  // What was not seen may be red.
  if (more(runs, runs["check_runs"].size()) || more(status, status["statuses"].size()))
    tally.Undecided();
  return tally.Take();
}

Status GithubCare::MarkReady(const ChangeKey& change, const std::string& commit,
                             std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(change.repo, stop));
  return MarkGithubPullReady(api, change, commit, std::move(stop));
}

Status GithubCare::Close(const ChangeKey& change, const std::string& commit, std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(change.repo, stop));
  const std::string path = Cat("/repos/", RepoPath(change.repo), "/pulls/", change.number);
  const std::string what = Cat("closing pull request ", change.number, " of ", change.repo);
  ASSIGN_OR_RETURN(const Json pull, api.Get(path, what, stop));
  if (pull["state"].StringOr("") != "open") return OkStatus();
  if (pull["head"]["sha"].StringOr("") != commit)
    return FailedPrecondition(Cat(what, ": someone pushed to its branch"));
  return Final(api.Send("PATCH", path, R"({"state":"closed"})", what, std::move(stop)).status());
}

Status GithubCare::DeleteBranch(const std::string& repo, const std::string& branch,
                                const std::string& commit, std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(repo, stop));
  ASSIGN_OR_RETURN(const std::optional<std::string> tip, ReadGithubBranch(api, repo, branch, stop));
  if (!tip) return OkStatus();
  if (*tip != commit) return FailedPrecondition("someone pushed to the branch: it is kept");
  const std::string path =
      Cat("/repos/", RepoPath(repo), "/git/refs/", PercentEncode(Cat("heads/", branch)));
  const Status deleted =
      api.Send("DELETE", path, "", Cat("deleting a branch of ", repo), stop).status();
  if (deleted.ok() || deleted.code() == StatusCode::kNotFound) return OkStatus();
  if (IsRetryable(deleted)) return deleted;
  // Someone was quicker, or the answer to an earlier try was lost.
  ASSIGN_OR_RETURN(const auto now, ReadGithubBranch(api, repo, branch, std::move(stop)));
  return now ? Final(deleted) : OkStatus();
}

}  // namespace regreen
