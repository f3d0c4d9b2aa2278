#include "adapters/forge/gitea_runs.h"

#include <algorithm>
#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/foreign.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostPages = 20;      // of jobs, fifty each
constexpr int kMostTaskPages = 10;  // of the newest tasks of a whole repository
// Where workflows are, the first folder first. Source: Gitea's configuration cheat sheet, [actions]
// WORKFLOW_DIRS; forgejo.org, "Forgejo Actions".
constexpr const char* kFolders[] = {".forgejo/workflows/", ".gitea/workflows/",
                                    ".github/workflows/"};

// The number in "refs/pull/7/head", 0 for any other ref.
std::int64_t PullOf(std::string_view ref) {
  const auto parts = Split(ref, '/');
  std::int64_t number = 0;
  const bool pull = parts.size() == 4 && parts[0] == "refs" && parts[1] == "pull" &&
                    IsNumericId(parts[2]) && ParseInt64(parts[2], &number);
  return pull ? number : 0;
}

// "path" is the workflow's file with the ref that it ran for: "ci.yml@refs/heads/main". The folder
// is not told.
std::pair<std::string, std::string> SplitPath(const std::string& path) {
  const std::size_t at = path.find('@');
  if (at == std::string::npos) return {path, ""};
  return {path.substr(0, at), path.substr(at + 1)};
}

// Gitea 1.24 says of each step how the job ended; then which one failed is not known.
void FindFailedStep(const Json& job, JobFacts& facts) {
  const std::vector<Json> steps = job["steps"].Elements();
  const auto failed = [](const Json& step) { return step["conclusion"].StringOr("") == "failure"; };
  if (steps.size() > 1 && std::all_of(steps.begin(), steps.end(), failed)) return;
  const auto first = std::find_if(steps.begin(), steps.end(), failed);
  if (first == steps.end()) return;
  facts.failed_step = (*first)["name"].StringOr("");
  facts.failed_step_number = static_cast<int>(first - steps.begin()) + 1;  // theirs is from 0
}

JobFacts JobOf(const Json& job) {
  JobFacts facts;
  facts.id = Cat(job["id"].IntOr(0));
  facts.name = job["name"].StringOr("");
  facts.conclusion = job["conclusion"].StringOr("");
  facts.failed = facts.conclusion == "failure";
  facts.link = job["html_url"].StringOr("");
  if (facts.failed) FindFailedStep(job, facts);
  return facts;
}

JobFacts TaskOf(const Json& task) {
  JobFacts facts;
  facts.id = Cat(kForgejoTask, task["id"].IntOr(0));
  facts.name = task["name"].StringOr("");
  facts.conclusion = task["status"].StringOr("");
  facts.failed = facts.conclusion == "failure";
  facts.link = task["url"].StringOr("");
  return facts;
}

// A run and the ref that it ran for: "refs/heads/main", "refs/pull/7/head", "refs/tags/v1".
struct ToldRun {
  RunFacts facts;
  std::string file;  // of the workflow, without its folder
  std::string ref;
  std::int64_t forgejo_number = 0;  // of its tasks
};

void FillGitea(const Json& run, ToldRun& told) {
  RunFacts& facts = told.facts;
  auto [file, ref] = SplitPath(run["path"].StringOr(""));
  told.ref = std::move(ref);
  if (facts.workflow.empty()) facts.workflow = file;
  told.file = std::move(file);
  facts.commit = run["head_sha"].StringOr("");
  facts.author = run["actor"]["login"].StringOr(run["trigger_actor"]["login"].StringOr(""));
  facts.conclusion = run["conclusion"].StringOr("");
  facts.completed = run["status"].StringOr("") == "completed";
  const std::string branch = run["head_branch"].StringOr("");
  if (told.ref.empty() && !branch.empty()) told.ref = Cat("refs/heads/", branch);
}

// Forgejo shortens refs: "main" of a branch and of a tag alike, "#7" of a pull request. A tag is
// told from a branch by there being no such branch.
void FillForgejo(const Json& run, ToldRun& told) {
  RunFacts& facts = told.facts;
  told.file = run["workflow_id"].StringOr("");
  if (facts.workflow.empty()) facts.workflow = told.file;
  facts.commit = run["commit_sha"].StringOr("");
  facts.author = run["trigger_user"]["login"].StringOr("");
  facts.conclusion = run["status"].StringOr("");
  facts.completed = facts.conclusion == "success" || facts.conclusion == "failure" ||
                    facts.conclusion == "cancelled" || facts.conclusion == "skipped";
  facts.from_fork = run["is_fork_pull_request"].BoolOr(false);
  told.forgejo_number = run["index_in_repo"].IntOr(0);
  const std::string ref = run["prettyref"].StringOr("");
  told.ref =
      ref.starts_with('#') ? Cat("refs/pull/", ref.substr(1), "/head") : Cat("refs/heads/", ref);
}

class RunReader {
 public:
  RunReader(const GiteaApi& api, const RunHint& hint, bool forks, std::stop_token stop)
      : api_(api),
        hint_(hint),
        forks_(forks),
        stop_(std::move(stop)),
        root_(GiteaRepo(hint.key.repo)),
        run_(Cat(root_, "/actions/runs/", hint.key.run_id)),
        what_(Cat("reading run ", hint.key.run_id, " of ", hint.key.repo)) {}

  StatusOr<RunFacts> Read() {
    ASSIGN_OR_RETURN(const Json current, api_.Get(run_, what_, stop_));
    const int attempt = GiteaAttempt(current);
    const int asked = hint_.key.attempt == RunKey::kNewest ? attempt : hint_.key.attempt;
    if (attempt < asked)
      return Unavailable(Cat(what_, ": the forge does not know of this attempt yet"));
    if (attempt > asked) return ReadOld(current, attempt);
    ASSIGN_OR_RETURN(ToldRun told, FactsOf(current));
    RunFacts& facts = told.facts;
    facts.key.attempt = asked;
    if (!facts.completed || (!facts.failed && !facts.passed)) return facts;
    RETURN_IF_ERROR(FindOrigin(told));
    if (!facts.failed || facts.superseded || (facts.from_fork && !forks_)) return facts;
    const bool numbered = current["run_attempt"].IntOr(0) > 0;
    RETURN_IF_ERROR(
        ReadJobs(told, numbered ? Cat(run_, "/attempts/", asked, "/jobs") : run_ + "/jobs"));
    RETURN_IF_ERROR(FindWorkflow(told));
    return facts;
  }

 private:
  StatusOr<ToldRun> FactsOf(const Json& run) const {
    ToldRun told;
    RunFacts& facts = told.facts;
    facts.key = hint_.key;
    facts.ci = hint_.ci;
    facts.workflow = hint_.workflow;
    facts.event = run["event"].StringOr("");
    facts.link = run["html_url"].StringOr("");
    IsForgejoRun(run) ? FillForgejo(run, told) : FillGitea(run, told);
    facts.failed = facts.conclusion == "failure";
    facts.passed = facts.completed && facts.conclusion == "success";
    constexpr std::string_view kHeads = "refs/heads/";
    if (told.ref.starts_with(kHeads)) facts.branch = told.ref.substr(kHeads.size());
    facts.base_branch = facts.branch;
    if (!IsCommitId(facts.commit))
      return Unavailable("the forge's answer about the run names no commit");
    return told;
  }

  StatusOr<RunFacts> ReadOld(const Json& current, int newest) {
    const std::string attempt = Cat(run_, "/attempts/", hint_.key.attempt);
    ASSIGN_OR_RETURN(const Json old, api_.Get(attempt, what_, stop_));
    ASSIGN_OR_RETURN(ToldRun told, FactsOf(old));
    RunFacts& facts = told.facts;
    const bool green_now = current["status"].StringOr("") == "completed" &&
                           current["conclusion"].StringOr("") == "success";
    // What failed first and is green now is told by its jobs: it makes the failure a flake.
    if (facts.failed && green_now) {
      RETURN_IF_ERROR(FindPull(told));
      facts.passed_later = !facts.from_fork;
      if (facts.passed_later) RETURN_IF_ERROR(ReadJobs(told, attempt + "/jobs"));
    }
    facts.superseded = true;
    facts.superseded_why = Cat("attempt ", newest, " of the run has begun");
    return facts;
  }

  // Which branch it is of, whose, and whether it is still there.
  Status FindOrigin(ToldRun& told) {
    RunFacts& facts = told.facts;
    if (PullOf(told.ref) != 0) return FindPull(told);
    if (facts.from_fork || facts.event.starts_with("pull_request")) {
      Supersede(facts, "it ran for a pull request that the forge does not name");
      return OkStatus();
    }
    if (!facts.failed) return OkStatus();
    if (facts.branch.empty()) {
      Supersede(facts, Cat("it ran for ", EscapeControl(Truncate(told.ref, 100)),
                           ", which is no branch: nothing can be added to it"));
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const std::optional<std::string> tip,
                     ReadGiteaBranch(api_, hint_.key.repo, facts.branch, stop_));
    Supersede(facts, WhySuperseded(facts.branch, facts.commit, tip));
    return OkStatus();
  }

  Status FindPull(ToldRun& told) {
    RunFacts& facts = told.facts;
    const std::int64_t number = PullOf(told.ref);
    if (number == 0) return OkStatus();
    ASSIGN_OR_RETURN(const Json pull, api_.Get(Cat(root_, "/pulls/", number), what_, stop_));
    facts.pull_request = static_cast<int>(number);
    facts.branch = pull["head"]["ref"].StringOr("");
    facts.base_branch = pull["base"]["ref"].StringOr("");
    // A fork that was deleted has the number 0 or less.
    const std::int64_t head = pull["head"]["repo_id"].IntOr(0);
    facts.from_fork = head <= 0 || head != pull["base"]["repo_id"].IntOr(-1);
    if (facts.from_fork) {
      // Its "main" is not ours, for whatever is told by a branch's name.
      facts.branch = Cat(pull["user"]["login"].StringOr("fork"), ":", facts.branch);
      if (!forks_) return OkStatus();
    }
    if (pull["state"].StringOr("") != "open") {
      Supersede(facts, Cat("pull request ", number, " is ",
                           pull["merged"].BoolOr(false) ? "merged" : "closed"));
    } else {
      Supersede(facts, WhySuperseded(facts.branch, facts.commit, pull["head"]["sha"].StringOr("")));
    }
    return OkStatus();
  }

  // Looks for the workflow's file at the run's commit; where it is not found, that is no error.
  Status FindWorkflow(ToldRun& told) {
    if (told.file.empty() || told.file.find('/') != std::string::npos) return OkStatus();
    for (const char* folder : kFolders) {
      const auto found = api_.Get(
          Cat(root_, "/contents/", folder, PercentEncode(told.file), "?ref=", told.facts.commit),
          what_, stop_);
      if (found.status().code() == StatusCode::kNotFound) continue;
      if (!found.ok()) return found.status();
      told.facts.workflow_path = Cat(folder, told.file);
      return OkStatus();
    }
    return OkStatus();
  }

  static void Supersede(RunFacts& facts, std::string why) {
    if (facts.superseded || why.empty()) return;
    facts.superseded = true;
    facts.superseded_why = std::move(why);
  }

  Status ReadJobs(ToldRun& told, const std::string& list) {
    std::vector<JobFacts>& jobs = told.facts.jobs;
    if (told.forgejo_number == 0) {
      return api_.GetPages(list, "jobs", kMostPages, what_, stop_, [&](const Json& job) {
        jobs.push_back(JobOf(job));
        return true;
      });
    }
    // Forgejo lists the tasks of the repository, the newest first; of a job that was run again the
    // newest counts.
    return api_.GetPages(Cat(root_, "/actions/tasks"), "workflow_runs", kMostTaskPages, what_,
                         stop_, [&](const Json& task) {
                           const std::int64_t number = task["run_number"].IntOr(0);
                           JobFacts job = TaskOf(task);
                           const bool known = std::any_of(
                               jobs.begin(), jobs.end(),
                               [&](const JobFacts& one) { return one.name == job.name; });
                           if (number == told.forgejo_number && !known)
                             jobs.push_back(std::move(job));
                           return true;
                         });
  }

  const GiteaApi& api_;
  const RunHint& hint_;
  const bool forks_;
  const std::stop_token stop_;
  const std::string root_, run_, what_;
};

}  // namespace

int GiteaAttempt(const Json& run) {
  return static_cast<int>(std::clamp<std::int64_t>(run["run_attempt"].IntOr(1), 1, 1'000'000));
}

bool IsForgejoRun(const Json& run) {
  return run["commit_sha"].IsString() && !run["head_sha"].IsString();
}

StatusOr<RunFacts> ReadGiteaRun(const GiteaApi& api, const RunHint& hint, bool forks,
                                std::stop_token stop) {
  if (!IsNumericId(hint.key.run_id)) return InvalidArgument("a run's id at Gitea is a number");
  return RunReader(api, hint, forks, std::move(stop)).Read();
}

StatusOr<std::optional<std::string>> ReadGiteaBranch(const GiteaApi& api, const std::string& repo,
                                                     const std::string& branch,
                                                     std::stop_token stop) {
  const auto found = api.Get(Cat(GiteaRepo(repo), "/branches/", PercentEncode(branch)),
                             Cat("reading a branch of ", repo), std::move(stop));
  if (found.status().code() == StatusCode::kNotFound) return std::optional<std::string>();
  if (!found.ok()) return found.status();
  return std::optional<std::string>((*found)["commit"]["id"].StringOr(""));
}

}  // namespace regreen
