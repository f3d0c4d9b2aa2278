// What FakeGithub does besides runs and pull requests: run again, take comments and issues, merge.
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_github_answers.h"

namespace regreen {
namespace {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Missing;
using fake_github::Number;
using fake_github::QueryValue;

constexpr std::int64_t kJobsOfAnAttempt = 1000;  // further job ids stand this much higher

constexpr std::int64_t kOwnCheck = 777;  // the job of each check run that is told

HttpResponse GraphQlError(std::string_view type, std::string_view message) {
  JsonWriter out;
  out.BeginObject().Key("data").Null().Key("errors").BeginArray().BeginObject();
  out.Field("type", type).Field("message", message).EndObject().EndArray().EndObject();
  return Answer(200, out.Take());
}

// The elements of a list that the request's page holds.
template <class T>
std::vector<T> PageOf(const HttpRequest& request, const std::vector<T>& all) {
  const auto number = [&](std::string_view name, std::int64_t otherwise) {
    const std::int64_t asked = Number(QueryValue(request, name));
    return static_cast<std::size_t>(asked > 0 ? asked : otherwise);
  };
  const std::size_t size = number("per_page", 30);
  const std::size_t begin = std::min((number("page", 1) - 1) * size, all.size());
  const std::size_t end = std::min(begin + size, all.size());
  return {all.begin() + static_cast<std::ptrdiff_t>(begin),
          all.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

HttpResponse FakeGithub::Rerun(const std::string& repo, std::int64_t id) {
  const FakeRun* newest = nullptr;
  for (const FakeRun& run : runs_) {
    if (run.repo == repo && run.id == id && (!newest || run.attempt > newest->attempt))
      newest = &run;
  }
  if (newest == nullptr) return Missing();
  if (newest->status != "completed") return Message(403, "This workflow is already running");
  FakeRun again = *newest;
  ++again.attempt;
  again.status = "in_progress";
  again.conclusion.clear();
  for (FakeJob& job : again.jobs) {
    job.id += kJobsOfAnAttempt;
    job.status = "in_progress";
    job.conclusion.clear();
  }
  runs_.push_back(std::move(again));
  return Answer(201, "{}");
}

void FakeGithub::FinishRun(std::int64_t id, const std::string& conclusion) {
  MutexLock lock(mutex_);
  for (FakeRun& run : runs_) {
    if (run.id != id || run.status == "completed") continue;
    run.status = "completed";
    run.conclusion = conclusion;
    for (FakeJob& job : run.jobs) {
      job.status = "completed";
      job.conclusion = conclusion;
    }
    return;
  }
  FAIL() << "no attempt of run " << id << " goes on";
}

int FakeGithub::attempts(std::int64_t run_id) {
  MutexLock lock(mutex_);
  return static_cast<int>(std::count_if(runs_.begin(), runs_.end(),
                                        [&](const FakeRun& run) { return run.id == run_id; }));
}

// issues, issues/{n}, issues/{n}/comments, issues/{n}/labels
HttpResponse FakeGithub::Issues(const HttpRequest& request, const std::string& repo,
                                const Parts& parts) {
  const bool post = request.method == "POST";
  if (parts.size() == 1 && !post) return ListIssues(request, repo);
  auto body = post ? Json::Parse(request.body) : Json();
  if (!body.ok()) return Message(400, "Problems parsing JSON");
  if (parts.size() == 1) {
    issues_.push_back({repo, next_pull_++, (*body)["title"].StringOr(""),
                       (*body)["body"].StringOr(""), "open", (*body)["labels"].Strings()});
    JsonWriter out;
    out.BeginObject().Field(
        "html_url", Cat("https://github.example/", repo, "/issues/", issues_.back().number));
    out.EndObject();
    return Answer(201, out.Take());
  }
  const std::int64_t number = Number(parts[1]);
  const FakePull* pull = FindPull(number);
  if (pull == nullptr) return Missing();
  if (parts.size() == 3 && parts[2] == "comments") return Comments(request, {repo, "", number, ""});
  if (parts.size() == 3 && parts[2] == "labels" && post) return AddLabels(number, *body);
  JsonWriter out;
  if (parts.size() == 3 && parts[2] == "labels") {
    out.BeginArray();
    for (const std::string& label : pull->labels)
      out.BeginObject().Field("name", label).EndObject();
    out.EndArray();
    return Answer(200, out.Take());
  }
  const auto comments = std::count_if(
      comments_.begin(), comments_.end(),
      [&](const FakeComment& comment) { return comment.repo == repo && comment.number == number; });
  out.BeginObject().Field("number", number).Field("comments", std::int64_t{comments}).EndObject();
  return Answer(200, out.Take());
}

HttpResponse FakeGithub::ListIssues(const HttpRequest& request, const std::string& repo) {
  std::vector<FakeIssue> newest_first(issues_.rbegin(), issues_.rend());
  const std::string labels = QueryValue(request, "labels");
  std::erase_if(newest_first, [&](const FakeIssue& issue) {
    if (issue.repo != repo) return true;
    const auto wanted = Split(labels, ',');
    return !labels.empty() && !std::all_of(wanted.begin(), wanted.end(), [&](auto label) {
      return std::find(issue.labels.begin(), issue.labels.end(), label) != issue.labels.end();
    });
  });
  JsonWriter out;
  out.BeginArray();
  for (const FakeIssue& issue : PageOf(request, newest_first)) {
    out.BeginObject().Field("number", issue.number).Field("body", issue.body);
    out.Field("html_url", Cat("https://github.example/", repo, "/issues/", issue.number));
    out.EndObject();
  }
  out.EndArray();
  return Answer(200, out.Take());
}

// Oldest first; `place` is a comment without its text.
HttpResponse FakeGithub::Comments(const HttpRequest& request, FakeComment place) {
  const auto link = [](std::size_t index) {
    return Cat("https://github.example/comments/", index + 1);
  };
  JsonWriter out;
  if (request.method == "POST") {
    const auto body = Json::Parse(request.body);
    if (!body.ok()) return Message(400, "Problems parsing JSON");
    place.body = (*body)["body"].StringOr("");
    comments_.push_back(std::move(place));
    out.BeginObject().Field("html_url", link(comments_.size() - 1)).EndObject();
    return Answer(201, out.Take());
  }
  std::vector<std::size_t> here;
  for (std::size_t i = 0; i < comments_.size(); ++i) {
    if (comments_[i].repo == place.repo && comments_[i].number == place.number &&
        comments_[i].commit == place.commit)
      here.push_back(i);
  }
  out.BeginArray();
  for (const std::size_t i : PageOf(request, here)) {
    out.BeginObject().Field("body", comments_[i].body).Field("html_url", link(i)).EndObject();
  }
  out.EndArray();
  return Answer(200, out.Take());
}

// commits/{sha}/pulls, /comments, /check-runs, /status
HttpResponse FakeGithub::CommitAnswer(const HttpRequest& request, const std::string& repo,
                                      const Parts& parts) {
  if (parts[2] == "comments") return Comments(request, {repo, parts[1], 0, ""});
  if (request.method != "GET") return Missing();
  if (parts[2] == "pulls") return PullsOfCommit(repo, parts[1]);
  JsonWriter out;
  if (parts[2] == "status") {
    out.BeginObject().Field("state", "pending").Field("total_count", 0).EndObject();
    return Answer(200, out.Take());
  }
  if (parts[2] != "check-runs") return Missing();
  std::vector<std::pair<std::string, std::string>> checks;
  for (const FakePull& pull : pulls_) {
    if (pull.repo != repo || HeadOf(pull) != parts[1]) continue;
    for (const std::string& conclusion : pull.checks) checks.emplace_back("check", conclusion);
  }
  if (const auto own = commit_checks_.find(parts[1]); own != commit_checks_.end())
    checks = own->second;
  out.BeginObject().Field("total_count", static_cast<std::int64_t>(checks.size()));
  out.Key("check_runs").BeginArray();
  for (const auto& [name, conclusion] : checks) {
    out.BeginObject().Field("name", name).Field("id", kOwnCheck);
    out.Key("app").BeginObject().Field("slug", "github-actions").EndObject();
    out.Field("status", conclusion.empty() ? "in_progress" : "completed");
    out.Key("conclusion");
    conclusion.empty() ? out.Null() : out.String(conclusion);
    out.EndObject();
  }
  out.EndArray().EndObject();
  return Answer(200, out.Take());
}

HttpResponse FakeGithub::Merge(FakePull& pull, const Json& body) {
  if (pull.draft) return Message(405, "Pull Request is still a draft");
  if (body["sha"].StringOr("") != HeadOf(pull))
    return Message(409, "Head branch was modified. Review and try the merge again.");
  pull.merged_sha = body["sha"].StringOr("");
  pull.merge_method = body["merge_method"].StringOr("");
  pull.merged = true;
  pull.state = "closed";
  return Answer(200, R"({"merged":true})");
}

HttpResponse FakeGithub::GraphQl(const HttpRequest& request) {
  const auto body = Json::Parse(request.body);
  if (request.method != "POST" || !body.ok()) return Message(400, "Problems parsing JSON");
  const std::string query = (*body)["query"].StringOr("");
  const Json variables = (*body)["variables"];
  FakePull* pull = nullptr;
  for (FakePull& one : pulls_) {
    if (Cat("PR_", one.number) == variables["id"].StringOr("")) pull = &one;
  }
  if (pull == nullptr) return GraphQlError("NOT_FOUND", "Could not resolve to a node");
  if (query.find("markPullRequestReadyForReview(") != std::string::npos) {
    pull->draft = false;
  } else if (query.find("enablePullRequestAutoMerge(") != std::string::npos) {
    if (pull->draft) return GraphQlError("UNPROCESSABLE", "Pull request is in draft state");
    if (variables["head"].StringOr("") != HeadOf(*pull))
      return GraphQlError("UNPROCESSABLE", "The head of the pull request is another");
    if (!require_checks_)
      return GraphQlError("UNPROCESSABLE", "Pull request Pull request is in clean status");
    pull->auto_merge = true;
    pull->merge_method = variables["method"].StringOr("");
  } else {
    return GraphQlError("UNPROCESSABLE", "Field does not exist");
  }
  return Answer(200, R"({"data":{}})");
}

void FakeGithub::SetChecks(std::int64_t number, std::vector<std::string> conclusions) {
  MutexLock lock(mutex_);
  FakePull* pull = FindPull(number);
  ASSERT_NE(pull, nullptr);
  pull->checks = std::move(conclusions);
}

void FakeGithub::SetCommitChecks(const std::string& commit,
                                 std::vector<std::pair<std::string, std::string>> checks) {
  MutexLock lock(mutex_);
  commit_checks_[commit] = std::move(checks);
}

void FakeGithub::AddComment(FakeComment comment) {
  MutexLock lock(mutex_);
  comments_.push_back(std::move(comment));
}

std::vector<FakeComment> FakeGithub::comments() {
  MutexLock lock(mutex_);
  return comments_;
}

std::vector<FakeIssue> FakeGithub::issues() {
  MutexLock lock(mutex_);
  return issues_;
}

}  // namespace regreen
