#include "adapters/forge/github_runs.h"

#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/foreign.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kPageSize = 100;
constexpr int kMaxPages = 10;

bool IsFailure(std::string_view conclusion) {
  return conclusion == "failure" || conclusion == "timed_out" || conclusion == "startup_failure";
}

bool IsRunId(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// ".github/workflows/x.yml@refs/heads/main" of a reusable workflow is that file too.
std::string WorkflowPath(std::string path) {
  path.resize(std::min(path.find('@'), path.size()));
  return path;
}

// head_branch alone does not tell: a fork's own "main" is called main as well. A fork that was
// deleted has no head_repository.
bool IsFromFork(const Json& run) {
  const std::int64_t head = run["head_repository"]["id"].IntOr(0);
  return head == 0 || head != run["repository"]["id"].IntOr(-1);
}

StatusOr<RunFacts> FactsOf(const Json& run, const RunHint& hint) {
  RunFacts facts;
  facts.key = hint.key;
  facts.ci = hint.ci;
  facts.workflow = run["name"].StringOr("");
  facts.workflow_path = WorkflowPath(run["path"].StringOr(""));
  facts.event = run["event"].StringOr("");
  facts.branch = run["head_branch"].StringOr("");
  facts.base_branch = facts.branch;
  facts.commit = run["head_sha"].StringOr("");
  facts.author = run["actor"]["login"].StringOr("");
  facts.link = run["html_url"].StringOr("");
  facts.conclusion = run["conclusion"].StringOr("");
  facts.completed = run["status"].StringOr("") == "completed";
  facts.failed = IsFailure(facts.conclusion);
  facts.passed = facts.completed && facts.conclusion == "success";
  facts.from_fork = IsFromFork(run);
  // Its "main" is not ours, for whatever is told by a branch's name.
  if (facts.from_fork) {
    const std::string fork = run["head_repository"]["full_name"].StringOr("deleted");
    facts.branch = Cat(fork.substr(0, fork.find('/')), ":", facts.branch);
  }
  if (!IsCommitId(facts.commit))
    return Unavailable("GitHub's answer about the run names no commit");
  return facts;
}

JobFacts JobOf(const Json& job) {
  JobFacts facts;
  facts.id = Cat(job["id"].IntOr(0));
  facts.name = job["name"].StringOr("");
  facts.conclusion = job["conclusion"].StringOr("");
  facts.failed = IsFailure(facts.conclusion);
  facts.link = job["html_url"].StringOr("");
  for (const Json& step : job["steps"].Elements()) {
    if (!IsFailure(step["conclusion"].StringOr(""))) continue;
    facts.failed_step = step["name"].StringOr("");
    facts.failed_step_number = static_cast<int>(step["number"].IntOr(0));
    break;
  }
  return facts;
}

class RunReader {
 public:
  RunReader(const GithubApi& api, const RunHint& hint, bool forks, std::stop_token stop)
      : api_(api),
        hint_(hint),
        forks_(forks),
        stop_(std::move(stop)),
        root_(Cat("/repos/", RepoPath(hint.key.repo))),
        run_(Cat(root_, "/actions/runs/", hint.key.run_id)),
        what_(Cat("reading run ", hint.key.run_id, " of ", hint.key.repo)) {}

  StatusOr<RunFacts> Read() {
    ASSIGN_OR_RETURN(const Json current, api_.Get(run_, what_, stop_));
    const std::int64_t attempt = current["run_attempt"].IntOr(1);
    if (attempt < hint_.key.attempt)
      return Unavailable(Cat(what_, ": GitHub does not know of this attempt yet"));
    if (attempt > hint_.key.attempt) return ReadOldAttempt(current, attempt);
    ASSIGN_OR_RETURN(RunFacts facts, FactsOf(current, hint_));
    if (!facts.completed || !facts.failed) return facts;
    if (facts.from_fork) {
      if (!forks_) return facts;
      RETURN_IF_ERROR(FindForksPull(facts));
    } else {
      RETURN_IF_ERROR(CheckBranch(facts));
      if (!facts.superseded) RETURN_IF_ERROR(FindPullRequest(facts));
    }
    if (!facts.superseded) RETURN_IF_ERROR(ReadJobs(facts));
    return facts;
  }

 private:
  StatusOr<RunFacts> ReadOldAttempt(const Json& current, std::int64_t attempt) {
    ASSIGN_OR_RETURN(const Json old,
                     api_.Get(Cat(run_, "/attempts/", hint_.key.attempt), what_, stop_));
    ASSIGN_OR_RETURN(RunFacts facts, FactsOf(old, hint_));
    // What failed first and is green now is told by its jobs: it makes the failure a flake.
    facts.passed_later = facts.failed && !facts.from_fork &&
                         current["status"].StringOr("") == "completed" &&
                         current["conclusion"].StringOr("") == "success";
    if (facts.passed_later) {
      RETURN_IF_ERROR(FindPullRequest(facts));
      RETURN_IF_ERROR(ReadJobs(facts));
    }
    facts.superseded = true;
    facts.superseded_why = Cat("attempt ", attempt, " of the run has begun");
    return facts;
  }

  Status CheckBranch(RunFacts& facts) {
    std::optional<std::string> tip;
    if (!facts.branch.empty()) {
      ASSIGN_OR_RETURN(tip, ReadGithubBranch(api_, hint_.key.repo, facts.branch, stop_));
    }
    facts.superseded_why = WhySuperseded(facts.branch, facts.commit, tip);
    facts.superseded = !facts.superseded_why.empty();
    return OkStatus();
  }

  // Its branch is not ours to ask for. A run for "pull_request_target" is of the base's own code.
  Status FindForksPull(RunFacts& facts) {
    if (facts.event == "pull_request") RETURN_IF_ERROR(FindPullRequest(facts));
    if (facts.superseded || facts.pull_request != 0) return OkStatus();
    facts.superseded = true;
    facts.superseded_why = "no open pull request of the fork has this commit as its head";
    return OkStatus();
  }

  // The payload's and the run's own lists of pull requests are not complete; the commit's is.
  Status FindPullRequest(RunFacts& facts) {
    if (!facts.event.starts_with("pull_request")) return OkStatus();
    ASSIGN_OR_RETURN(const Json pulls,
                     api_.GetList(Cat(root_, "/commits/", facts.commit, "/pulls"), what_, stop_));
    std::int64_t closed = 0;
    for (const Json& pull : pulls.Elements()) {
      if (pull["head"]["sha"].StringOr("") != facts.commit) continue;
      if (pull["state"].StringOr("") != "open") {
        closed = pull["number"].IntOr(0);
        continue;
      }
      facts.pull_request = static_cast<int>(pull["number"].IntOr(0));
      facts.base_branch = pull["base"]["ref"].StringOr(facts.branch);
      return OkStatus();
    }
    if (closed != 0) {
      facts.superseded = true;
      facts.superseded_why = Cat("pull request ", closed, " is closed");
    }
    return OkStatus();
  }

  Status ReadJobs(RunFacts& facts) {
    for (int page = 1; page <= kMaxPages; ++page) {
      ASSIGN_OR_RETURN(const Json list, api_.Get(Cat(run_, "/attempts/", hint_.key.attempt,
                                                     "/jobs?per_page=", kPageSize, "&page=", page),
                                                 what_, stop_));
      if (!list["jobs"].IsArray())
        return Unavailable(Cat(what_, ": GitHub's answer names no jobs"));
      const std::vector<Json> jobs = list["jobs"].Elements();
      for (const Json& job : jobs) facts.jobs.push_back(JobOf(job));
      const auto total =
          static_cast<std::size_t>(std::max<std::int64_t>(0, list["total_count"].IntOr(0)));
      if (jobs.empty() || facts.jobs.size() >= total) break;
    }
    return OkStatus();
  }

  const GithubApi& api_;
  const RunHint& hint_;
  const bool forks_;
  const std::stop_token stop_;
  const std::string root_, run_, what_;
};

}  // namespace

StatusOr<RunFacts> ReadGithubRun(const GithubApi& api, const RunHint& hint, bool forks,
                                 std::stop_token stop) {
  if (!IsRunId(hint.key.run_id)) return InvalidArgument("a GitHub run's id is a number");
  return RunReader(api, hint, forks, std::move(stop)).Read();
}

StatusOr<std::optional<std::string>> ReadGithubBranch(const GithubApi& api, const std::string& repo,
                                                      const std::string& branch,
                                                      std::stop_token stop) {
  const auto found = api.Get(Cat("/repos/", RepoPath(repo), "/branches/", PercentEncode(branch)),
                             Cat("reading a branch of ", repo), std::move(stop));
  if (found.status().code() == StatusCode::kNotFound) return std::optional<std::string>();
  if (!found.ok()) return found.status();
  std::string tip = (*found)["commit"]["sha"].StringOr("");
  if (!IsCommitId(tip)) return Unavailable("GitHub's answer about the branch names no commit");
  return std::optional(std::move(tip));
}

}  // namespace regreen
