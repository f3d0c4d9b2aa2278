#include "adapters/forge/github_merge.h"

#include <optional>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr char kMarkReady[] =
    "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { "
    "pullRequest { isDraft } } }";
constexpr char kEnableAutoMerge[] =
    "mutation($id: ID!, $head: GitObjectID!, $method: PullRequestMergeMethod!) { "
    "enablePullRequestAutoMerge(input: {pullRequestId: $id, expectedHeadOid: $head, "
    "mergeMethod: $method}) { pullRequest { number } } }";

bool IsRefusal(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kPermissionDenied:
    case StatusCode::kNotFound:
    case StatusCode::kAborted:
      return true;
    default:
      return false;
  }
}

// A refusal is final for the caller, whatever GitHub's reason.
Status Final(const Status& status) {
  return IsRefusal(status) ? FailedPrecondition(Message(status)) : status;
}

class Merger {
 public:
  Merger(const GithubApi& api, const ChangeKey& change, const std::string& commit,
         std::stop_token stop)
      : api_(api),
        commit_(commit),
        stop_(std::move(stop)),
        root_(Cat("/repos/", RepoPath(change.repo))),
        pull_(Cat(root_, "/pulls/", change.number)),
        what_(Cat("merging pull request ", change.number, " of ", change.repo)) {}

  Status Run() {
    ASSIGN_OR_RETURN(const Json pull, api_.Get(pull_, what_, stop_));
    if (pull["number"].IntOr(0) <= 0)
      return Unavailable(Cat(what_, ": GitHub's answer names no pull request"));
    if (pull["merged"].BoolOr(false)) return OkStatus();
    if (pull["state"].StringOr("") != "open")
      return FailedPrecondition(Cat(what_, ": it is closed"));
    if (pull["head"]["sha"].StringOr("") != commit_)
      return FailedPrecondition(Cat(what_, ": someone pushed to its branch"));
    if (pull["auto_merge"].IsObject()) return OkStatus();
    const std::string id = pull["node_id"].StringOr("");
    if (pull["draft"].BoolOr(false)) RETURN_IF_ERROR(Final(Mutate(kMarkReady, id, "")));
    const std::string method = MethodOf(pull["base"]["repo"]);
    const Status enabled = Mutate(kEnableAutoMerge, id, method);
    if (!IsRefusal(enabled)) return enabled;
    // GitHub enables it only while something that the branch requires is missing.
    const std::string words = Lower(Message(enabled));
    const bool nothing_missing = words.find("clean status") != std::string::npos ||
                                 words.find("unstable status") != std::string::npos;
    if (!nothing_missing) return Final(enabled);
    RETURN_IF_ERROR(CheckGreen());
    return Merge(method);
  }

 private:
  Status Mutate(std::string_view mutation, const std::string& id, const std::string& method) {
    JsonWriter variables;
    variables.BeginObject().Field("id", id);
    if (!method.empty()) variables.Field("head", commit_).Field("method", method);
    variables.EndObject();
    return api_.GraphQl(mutation, variables.Take(), what_, stop_).status();
  }

  // The first that the repository allows; those that it does not name are taken for allowed.
  static std::string MethodOf(const Json& repository) {
    if (repository["allow_merge_commit"].BoolOr(true)) return "MERGE";
    return repository["allow_squash_merge"].BoolOr(true) ? "SQUASH" : "REBASE";
  }

  // A pull request whose checks have not begun is as clean as one whose checks are green.
  Status CheckGreen() {
    const std::string at = Cat(root_, "/commits/", PercentEncode(commit_));
    ASSIGN_OR_RETURN(const Json runs, api_.Get(at + "/check-runs?per_page=100", what_, stop_));
    ASSIGN_OR_RETURN(const Json status, api_.Get(at + "/status", what_, stop_));
    const std::int64_t statuses = status["total_count"].IntOr(0);
    const auto waits = [&](std::string_view why) { return Unavailable(Cat(what_, ": ", why)); };
    if (!runs["check_runs"].IsArray() || !status["total_count"].IsInt())
      return waits("GitHub does not name its checks");
    if (runs["total_count"].IntOr(0) == 0 && statuses == 0)
      return waits("none of its checks has begun");
    for (const Json& run : runs["check_runs"].Elements()) {
      const std::string conclusion = run["conclusion"].StringOr("");
      if (conclusion != "success" && conclusion != "neutral" && conclusion != "skipped")
        return waits("its checks are not all green");
    }
    if (runs["total_count"].IntOr(0) > static_cast<std::int64_t>(runs["check_runs"].size()))
      return waits("it has more than 100 checks");
    if (statuses > 0 && status["state"].StringOr("") != "success")
      return waits("its checks are not all green");
    return OkStatus();
  }

  Status Merge(const std::string& method) {
    JsonWriter body;
    body.BeginObject().Field("sha", commit_).Field("merge_method", Lower(method)).EndObject();
    return Final(api_.Send("PUT", pull_ + "/merge", body.Take(), what_, stop_).status());
  }

  const GithubApi& api_;
  const std::string& commit_;
  const std::stop_token stop_;
  const std::string root_, pull_, what_;
};

}  // namespace

Status MergeGithubPullWhenGreen(const GithubApi& api, const ChangeKey& change,
                                const std::string& commit, std::stop_token stop) {
  return Merger(api, change, commit, std::move(stop)).Run();
}

}  // namespace regreen
