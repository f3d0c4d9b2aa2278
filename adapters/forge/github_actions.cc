#include "adapters/forge/github_actions.h"

#include <optional>

#include "adapters/forge/github_merge.h"
#include "adapters/forge/github_report.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// "Re-running workflows and jobs": within 30 days of the first attempt, and 50 times at the most.
constexpr absl::Duration kOldestRun = absl::Hours(30 * 24);
constexpr std::int64_t kMostReruns = 50;

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

class Rerunner {
 public:
  Rerunner(const GithubApi& api, const RunKey& key, std::stop_token stop)
      : api_(api),
        key_(key),
        stop_(std::move(stop)),
        path_(Cat("/repos/", RepoPath(key.repo), "/actions/runs/", key.run_id)),
        what_(Cat("running run ", key.run_id, " of ", key.repo, " again")) {}

  Status Run() {
    ASSIGN_OR_RETURN(const std::optional<Status> settled, Look());
    if (settled) return *settled;
    const Status sent =
        api_.Send("POST", path_ + "/rerun-failed-jobs", "{}", what_, stop_).status();
    const bool refused =
        sent.code() == StatusCode::kPermissionDenied || sent.code() == StatusCode::kNotFound ||
        sent.code() == StatusCode::kAborted || sent.code() == StatusCode::kInvalidArgument;
    if (!refused && !MayHaveHappened(sent)) return sent;
    // A person may have been quicker, or the answer to an earlier try was lost: then GitHub's
    // refusal says no more than that.
    ASSIGN_OR_RETURN(const std::optional<Status> now, Look());
    if (now) return *now;
    if (!refused) return sent;
    // What it shows of a run may be behind what it knows of it.
    const bool begun = Lower(Message(sent)).find("already running") != std::string::npos;
    return begun ? Unavailable(Message(sent)) : FailedPrecondition(Message(sent));
  }

 private:
  // What needs no call any more: begun already, not to be had now, or never.
  StatusOr<std::optional<Status>> Look() {
    ASSIGN_OR_RETURN(const Json run, api_.Get(path_, what_, stop_));
    const std::int64_t attempt = run["run_attempt"].IntOr(1);
    if (attempt > key_.attempt) return std::optional(OkStatus());
    if (attempt < key_.attempt)
      return std::optional(Unavailable(Cat(what_, ": GitHub does not know of this attempt yet")));
    if (run["status"].StringOr("") != "completed")
      return std::optional(Unavailable(Cat(what_, ": it still goes on")));
    absl::Time created;
    const bool dated =
        absl::ParseTime(absl::RFC3339_full, run["created_at"].StringOr(""), &created, nullptr);
    if (dated && api_.clock().Now() - created > kOldestRun) {
      return std::optional(
          FailedPrecondition(Cat(what_, ": GitHub runs nothing again after 30 days")));
    }
    if (attempt > kMostReruns) {
      return std::optional(
          FailedPrecondition(Cat(what_, ": GitHub runs nothing again more than 50 times")));
    }
    return std::optional<Status>();
  }

  const GithubApi& api_;
  const RunKey& key_;
  const std::stop_token stop_;
  const std::string path_, what_;
};

}  // namespace

Status GithubActions::Rerun(const RunKey& run, std::stop_token stop) {
  if (!IsNumber(run.run_id)) return InvalidArgument("a GitHub run's id is a number");
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(run.repo, stop));
  return Rerunner(api, run, std::move(stop)).Run();
}

StatusOr<std::string> GithubActions::Tell(const Report& report, std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(report.repo, stop));
  return TellGithub(api, report, std::move(stop));
}

Status GithubActions::MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                                     std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(change.repo, stop));
  return MergeGithubPullWhenGreen(api, change, commit, std::move(stop));
}

StatusOr<std::vector<std::string>> GithubActions::Labels(const std::string& repo, int pull_request,
                                                         std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(repo, stop));
  ASSIGN_OR_RETURN(
      const Json labels,
      api.GetList(Cat("/repos/", RepoPath(repo), "/issues/", pull_request, "/labels?per_page=100"),
                  Cat("reading the labels of pull request ", pull_request, " of ", repo),
                  std::move(stop)));
  std::vector<std::string> names;
  for (const Json& label : labels.Elements()) names.push_back(label["name"].StringOr(""));
  return names;
}

}  // namespace regreen
