#include "adapters/forge/gitlab_runs.h"

#include <algorithm>
#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/foreign.h"
#include "adapters/forge/gitlab_jobs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostPages = 20;  // of a hundred jobs, retried ones included

// A pipeline of a merge request runs for refs/merge-requests/N/head, or for its merge with the
// target branch: …/merge, and …/train in a merge train.
struct MergeRequestRef {
  std::int64_t number = 0;
  bool merged = false;
};
MergeRequestRef ParseRef(std::string_view ref) {
  const auto parts = Split(ref, '/');
  MergeRequestRef found;
  if (parts.size() != 4 || parts[0] != "refs" || parts[1] != "merge-requests") return {};
  if (!IsNumericId(parts[2]) || !ParseInt64(parts[2], &found.number)) return {};
  found.merged = parts[3] != "head";
  return found;
}

StatusOr<std::vector<GitlabJob>> ReadJobs(const GitlabApi& api, const std::string& pipeline,
                                          std::string_view what, std::stop_token stop) {
  std::vector<GitlabJob> jobs;
  const std::string list = Cat(pipeline, "/jobs?include_retried=true&per_page=100");
  RETURN_IF_ERROR(api.GetPages(list, kMostPages, what, std::move(stop), [&](const Json& job) {
    jobs.push_back(GitlabJobOf(job));
    return true;
  }));
  return jobs;
}

class RunReader {
 public:
  RunReader(const GitlabApi& api, const RunHint& hint, bool forks, std::stop_token stop)
      : api_(api),
        hint_(hint),
        forks_(forks),
        stop_(std::move(stop)),
        root_(ProjectPath(hint.key.repo)),
        run_(Cat(root_, "/pipelines/", hint.key.run_id)),
        what_(Cat("reading pipeline ", hint.key.run_id, " of ", hint.key.repo)) {}

  StatusOr<RunFacts> Read() {
    ASSIGN_OR_RETURN(const Json pipeline, api_.Get(run_, what_, stop_));
    ASSIGN_OR_RETURN(RunFacts facts, FactsOf(pipeline));
    ASSIGN_OR_RETURN(std::vector<GitlabJob> jobs, ReadJobs(api_, run_, what_, stop_));
    const int attempt = NumberAttempts(jobs);
    if (facts.key.attempt == RunKey::kNewest) facts.key.attempt = attempt;
    if (facts.key.attempt > attempt)
      return Unavailable(Cat(what_, ": its jobs have not been retried yet"));
    const std::vector<JobFacts> told = JobsOfAttempt(jobs, facts.key.attempt);
    if (facts.key.attempt < attempt) {
      MakeOld(facts, told, attempt);
      if (!facts.passed_later) return facts;
    }
    if (!facts.completed || (!facts.failed && !facts.passed)) return facts;
    RETURN_IF_ERROR(FindOrigin(pipeline, facts));
    if (!facts.failed || (facts.superseded && !facts.passed_later)) return facts;
    if (facts.from_fork && !forks_) return facts;
    facts.jobs = told;
    const bool explained =
        std::any_of(told.begin(), told.end(), [](const JobFacts& job) { return job.failed; });
    if (!explained) RETURN_IF_ERROR(Explain(pipeline, facts));
    return facts;
  }

 private:
  StatusOr<RunFacts> FactsOf(const Json& pipeline) const {
    RunFacts facts;
    facts.key = hint_.key;
    facts.ci = hint_.ci;
    facts.workflow = pipeline["name"].StringOr("");
    if (facts.workflow.empty()) facts.workflow = hint_.workflow;
    if (facts.workflow.empty()) facts.workflow = "pipeline";
    facts.event = pipeline["source"].StringOr("");
    facts.branch = facts.base_branch = pipeline["ref"].StringOr("");
    facts.commit = pipeline["sha"].StringOr("");
    facts.author = pipeline["user"]["username"].StringOr("");
    facts.link = pipeline["web_url"].StringOr("");
    facts.conclusion = pipeline["status"].StringOr("");
    facts.completed = HasEnded(facts.conclusion);
    facts.failed = facts.conclusion == "failed";
    facts.passed = facts.conclusion == "success";
    if (!IsCommitId(facts.commit))
      return Unavailable("GitLab's answer about the pipeline names no commit");
    return facts;
  }

  // The pipeline says how it stands now; how an attempt before ended is told by its jobs.
  static void MakeOld(RunFacts& facts, const std::vector<JobFacts>& jobs, int newest) {
    const bool passes_now = facts.passed;
    facts.failed =
        std::any_of(jobs.begin(), jobs.end(), [](const JobFacts& job) { return job.failed; });
    facts.passed = false;
    facts.completed = true;
    facts.conclusion = facts.failed ? "failed" : "retried";
    facts.passed_later = facts.failed && passes_now;
    facts.superseded = true;
    facts.superseded_why = Cat("attempt ", newest, " of the pipeline has begun");
  }

  // Which branch it is of, whose, and whether it is still there.
  Status FindOrigin(const Json& pipeline, RunFacts& facts) {
    if (const MergeRequestRef ref = ParseRef(facts.branch); ref.number != 0)
      return FindMergeRequest(ref, facts);
    if (!facts.failed || facts.superseded) return OkStatus();
    if (pipeline["tag"].BoolOr(false)) {
      Supersede(facts, Cat("it ran for the tag ", EscapeControl(Truncate(facts.branch, 100)),
                           ", to which nothing can be added"));
      return OkStatus();
    }
    std::optional<std::string> tip;
    if (!facts.branch.empty()) {
      ASSIGN_OR_RETURN(tip, ReadGitlabBranch(api_, hint_.key.repo, facts.branch, stop_));
    }
    Supersede(facts, WhySuperseded(facts.branch, facts.commit, tip));
    return OkStatus();
  }

  Status FindMergeRequest(const MergeRequestRef& ref, RunFacts& facts) {
    ASSIGN_OR_RETURN(const Json request,
                     api_.Get(Cat(root_, "/merge_requests/", ref.number), what_, stop_));
    facts.branch = request["source_branch"].StringOr("");
    facts.base_branch = request["target_branch"].StringOr("");
    facts.pull_request = static_cast<int>(ref.number);
    facts.from_fork =
        request["source_project_id"].IntOr(0) != request["target_project_id"].IntOr(-1);
    if (facts.from_fork) {
      facts.passed_later = false;
      // Its "main" is not ours, for whatever is told by a branch's name.
      facts.branch = Cat(request["author"]["username"].StringOr("fork"), ":", facts.branch);
      if (!forks_) return OkStatus();
    }
    if (ref.merged) RETURN_IF_ERROR(FindHead(facts));
    const std::string state = request["state"].StringOr("");
    if (state != "opened") {
      Supersede(facts, Cat("merge request ", ref.number, " is ", EscapeControl(state)));
    } else {
      Supersede(facts, WhySuperseded(facts.branch, facts.commit, request["sha"].StringOr("")));
    }
    return OkStatus();
  }

  // The merge is on no branch. What can be worked on is what was merged: its second parent.
  Status FindHead(RunFacts& facts) {
    ASSIGN_OR_RETURN(const Json merge,
                     api_.Get(Cat(root_, "/repository/commits/", facts.commit), what_, stop_));
    const std::string head = merge["parent_ids"][std::size_t{1}].StringOr("");
    if (IsCommitId(head)) facts.commit = head;
    return OkStatus();
  }

  static void Supersede(RunFacts& facts, std::string why) {
    if (facts.superseded || why.empty()) return;
    facts.superseded = true;
    facts.superseded_why = std::move(why);
  }

  // Why it is red though none of its jobs is: its definition, or what it triggered.
  Status Explain(const Json& pipeline, RunFacts& facts) {
    if (!pipeline["yaml_errors"].StringOr("").empty()) {
      JobFacts job;
      job.id = kDefinitionJob;
      job.name = "the pipeline's definition";
      job.conclusion = "yaml_errors";
      job.failed = true;
      job.link = facts.link;
      facts.jobs.push_back(std::move(job));
      return OkStatus();
    }
    std::string why;
    RETURN_IF_ERROR(
        api_.GetPages(run_ + "/bridges?per_page=100", 1, what_, stop_, [&](const Json& bridge) {
          const Json below = bridge["downstream_pipeline"];
          const bool red =
              bridge["status"].StringOr("") == "failed" && !bridge["allow_failure"].BoolOr(false);
          if (!red || !below.IsObject()) return true;
          why = Cat("what failed is the pipeline ", below["id"].IntOr(0), " that its job ",
                    EscapeControl(Truncate(bridge["name"].StringOr(""), 100)),
                    " triggered, which has an event of its own");
          return false;
        }));
    Supersede(facts, std::move(why));
    return OkStatus();
  }

  const GitlabApi& api_;
  const RunHint& hint_;
  const bool forks_;
  const std::stop_token stop_;
  const std::string root_, run_, what_;
};

}  // namespace

bool HasEnded(std::string_view status) {
  return status == "success" || status == "failed" || status == "canceled" || status == "skipped";
}

StatusOr<RunFacts> ReadGitlabRun(const GitlabApi& api, const RunHint& hint, bool forks,
                                 std::stop_token stop) {
  if (!IsNumericId(hint.key.run_id)) return InvalidArgument("a GitLab pipeline's id is a number");
  return RunReader(api, hint, forks, std::move(stop)).Read();
}

StatusOr<GitlabAttempt> ReadGitlabAttempt(const GitlabApi& api, const RunKey& run,
                                          std::string_view what, std::stop_token stop) {
  const std::string path = Cat(ProjectPath(run.repo), "/pipelines/", run.run_id);
  ASSIGN_OR_RETURN(const Json pipeline, api.Get(path, what, stop));
  ASSIGN_OR_RETURN(std::vector<GitlabJob> jobs, ReadJobs(api, path, what, std::move(stop)));
  GitlabAttempt attempt;
  attempt.number = NumberAttempts(jobs);
  attempt.status = pipeline["status"].StringOr("");
  for (const GitlabJob& job : jobs) attempt.ended = std::max(attempt.ended, job.finished);
  return attempt;
}

StatusOr<std::optional<std::string>> ReadGitlabBranch(const GitlabApi& api, const std::string& repo,
                                                      const std::string& branch,
                                                      std::stop_token stop) {
  const auto found = api.Get(Cat(ProjectPath(repo), "/repository/branches/", PercentEncode(branch)),
                             Cat("reading a branch of ", repo), std::move(stop));
  if (found.status().code() == StatusCode::kNotFound) return std::optional<std::string>();
  if (!found.ok()) return found.status();
  std::string tip = (*found)["commit"]["id"].StringOr("");
  if (!IsCommitId(tip)) return Unavailable("GitLab's answer about the branch names no commit");
  return std::optional(std::move(tip));
}

}  // namespace regreen
