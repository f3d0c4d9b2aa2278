#include "tests/support/fake_gitea.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/support/fake_github_answers.h"

namespace regreen {
namespace {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Missing;
using fake_github::Number;
using fake_github::QueryValue;

// One job after the other: what failed first is what the run is.
std::string ConclusionOf(const std::vector<FakeGiteaJob>& jobs) {
  std::string conclusion = "success";
  for (const FakeGiteaJob& job : jobs) {
    if (job.conclusion.empty()) return "";
    if (job.conclusion != "success") conclusion = job.conclusion;
  }
  return conclusion;
}

void Ended(JsonWriter& out, const std::string& conclusion) {
  out.Field("status", conclusion.empty() ? "in_progress" : "completed");
  if (!conclusion.empty()) out.Field("conclusion", conclusion);
}

std::string JobText(const FakeGiteaJob& job) {
  JsonWriter out;
  out.BeginObject().Field("id", job.id).Field("name", job.name);
  Ended(out, job.conclusion);
  out.Field("html_url", Cat("https://gitea.example/jobs/", job.id));
  out.Field("completed_at", job.conclusion.empty() ? "1970-01-01T00:00:00Z" : job.completed_at);
  out.Key("steps").BeginArray();
  std::int64_t number = 0;
  for (const auto& [name, conclusion] : job.steps) {
    out.BeginObject().Field("name", name).Field("number", number++);
    Ended(out, conclusion);
    out.EndObject();
  }
  out.EndArray().EndObject();
  return out.Take();
}

}  // namespace

FakeGitea::FakeGitea(Options options) : options_(std::move(options)) {
  auto server =
      HttpServer::Start({}, [this](const HttpRequest& request) { return Serve(request); });
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = std::move(server).value();
}

FakeGitea::~FakeGitea() {
  server_->Stop();
  MutexLock lock(mutex_);
  for (const Failure& failure : failures_) {
    ADD_FAILURE() << failure.times << " failure(s) with status " << failure.answer.status
                  << " for \"" << failure.part << "\" were never met";
  }
}

std::string FakeGitea::site() const {
  return Cat("http://127.0.0.1:", server_->port(), options_.prefix);
}

std::string FakeGitea::url() const {
  return Cat(site(), "/api/v1");
}

void FakeGitea::AddRun(FakeGiteaRun run) {
  MutexLock lock(mutex_);
  constexpr std::string_view kHeads = "refs/heads/";
  if (run.ref.starts_with(kHeads)) branches_.emplace(run.ref.substr(kHeads.size()), run.sha);
  runs_.push_back(std::move(run));
}

void FakeGitea::FinishRun(std::int64_t id, const std::string& conclusion) {
  MutexLock lock(mutex_);
  for (FakeGiteaRun& run : runs_) {
    for (FakeGiteaJob& job : run.attempts.back()) {
      if (run.id == id && job.conclusion.empty()) job.conclusion = conclusion;
    }
  }
}

int FakeGitea::attempts(std::int64_t id) {
  MutexLock lock(mutex_);
  for (const FakeGiteaRun& run : runs_) {
    if (run.id == id) return static_cast<int>(run.attempts.size());
  }
  return 0;
}

void FakeGitea::Fail(HttpResponse answer, int times, std::string part) {
  MutexLock lock(mutex_);
  failures_.push_back({std::move(answer), times, std::move(part)});
}

void FakeGitea::Fail(int status, int times, std::string part) {
  Fail(Message(status, "asked for by the test"), times, std::move(part));
}

std::vector<HttpRequest> FakeGitea::requests() {
  MutexLock lock(mutex_);
  return requests_;
}

int FakeGitea::CountRequests(const std::string& part) {
  MutexLock lock(mutex_);
  return static_cast<int>(
      std::count_if(requests_.begin(), requests_.end(), [&](const HttpRequest& request) {
        return Cat(request.method, " ", request.path).find(part) != std::string::npos;
      }));
}

HttpResponse FakeGitea::Serve(const HttpRequest& request) {
  MutexLock lock(mutex_);
  requests_.push_back(request);
  const std::string line = Cat(request.method, " ", request.path);
  for (auto failure = failures_.begin(); failure != failures_.end(); ++failure) {
    if (line.find(failure->part) == std::string::npos) continue;
    HttpResponse answer = failure->answer;
    if (--failure->times == 0) failures_.erase(failure);
    return answer;
  }
  if (request.path == "/store/log") {
    EXPECT_EQ(HeaderValue(request.headers, "authorization"), "") << "the store got the token";
    HttpResponse stored = Answer(200, "from the store\n");
    stored.content_type = "text/plain";
    return stored;
  }
  if (HeaderValue(request.headers, "authorization") != Cat("token ", kToken))
    return Message(401, "user does not exist [uid: 0, name: ]");
  const std::string root = Cat(options_.prefix, "/api/v1/repos/");
  if (!request.path.starts_with(root)) return Missing();
  const auto words = Split(std::string_view(request.path).substr(root.size()), '/');
  if (words.size() < 3) return Missing();
  return Route(request, Cat(words[0], "/", words[1]), {words.begin() + 2, words.end()});
}

HttpResponse FakeGitea::Route(const HttpRequest& request, const std::string& repo,
                              const Parts& parts) {
  if (parts[0] == "actions" && parts.size() > 1) return Actions(request, repo, parts);
  if (parts[0] == "pulls") return Pulls(request, repo, parts);
  if (parts[0] == "issues") return Issues(request, repo, parts);
  if (parts[0] == "labels") return Labels(request);
  JsonWriter out;
  if (parts[0] == "branches" && parts.size() > 1) {
    const auto found = branches_.find(Join(std::span(parts).subspan(1), "/"));
    if (found == branches_.end()) return Missing();
    out.BeginObject().Key("commit").BeginObject().Field("id", found->second);
    out.EndObject().EndObject();
    return Answer(200, out.Take());
  }
  if (parts[0] == "commits" && parts.size() == 3 && parts[2] == "status") {
    const auto found = statuses_.find(parts[1]);
    const bool none = found == statuses_.end();
    out.BeginObject().Field("state", none ? "" : found->second).Field("sha", parts[1]);
    out.Field("total_count", none ? 0 : 1).EndObject();
    return Answer(200, out.Take());
  }
  return Missing();
}

// actions/tasks, actions/jobs/{id}, …/logs, actions/runs/{id}, …/jobs, …/attempts/{n}, …/jobs,
// …/rerun-failed-jobs
HttpResponse FakeGitea::Actions(const HttpRequest& request, const std::string& repo,
                                const Parts& parts) {
  if (parts[1] == "tasks") return Tasks(request, repo);
  if (parts[1] == "jobs" && parts.size() > 2) return Jobs(parts);
  if (parts[1] != "runs" || parts.size() < 3) return Missing();
  for (FakeGiteaRun& run : runs_) {
    if (run.repo == repo && run.id == Number(parts[2])) return Runs(request, run, parts);
  }
  return Missing();
}

HttpResponse FakeGitea::Runs(const HttpRequest& request, FakeGiteaRun& run, const Parts& parts) {
  std::size_t attempt = run.attempts.size();
  std::string last = parts.size() == 3 ? "" : parts[3];
  if (last.empty()) return Answer(200, RunText(run, attempt));
  if (options_.forgejo) return Missing();
  if (request.method == "POST" && last == "rerun-failed-jobs") {
    if (!options_.reruns) return Missing();
    const std::string conclusion = ConclusionOf(run.attempts.back());
    if (conclusion.empty()) return Message(400, "this workflow run is not done");
    if (conclusion == "success") return Message(400, "this workflow run has no failed jobs");
    std::vector<FakeGiteaJob> jobs = run.attempts.back();
    for (FakeGiteaJob& job : jobs) {
      job.id = next_job_++;
      if (job.conclusion != "success") job.conclusion = "";
    }
    run.attempts.push_back(std::move(jobs));
    return Answer(201, "");
  }
  if (last == "attempts" && parts.size() > 4 && run.numbered) {
    attempt = static_cast<std::size_t>(Number(parts[4]));
    if (attempt < 1 || attempt > run.attempts.size()) return Missing();
    if (parts.size() == 5) return Answer(200, RunText(run, attempt));
    last = parts[5];
  }
  if (last != "jobs") return Missing();
  std::vector<std::string> elements;
  for (const FakeGiteaJob& job : run.attempts[attempt - 1]) elements.push_back(JobText(job));
  return Page(request, elements, "jobs");
}

std::string FakeGitea::RunText(const FakeGiteaRun& run, std::size_t attempt) const {
  const std::string conclusion = ConclusionOf(run.attempts[attempt - 1]);
  const std::string link = Cat("https://gitea.example/", run.repo, "/actions/runs/", run.id);
  JsonWriter out;
  out.BeginObject().Field("id", run.id).Field("event", run.event).Field("html_url", link);
  if (options_.forgejo) {
    const auto words = Split(run.ref, '/');
    const std::vector<std::string> parts(words.begin(), words.end());
    const bool pull = parts[1] == "pull";
    out.Field("index_in_repo", run.index).Field("commit_sha", run.sha);
    out.Field("workflow_id", run.workflow).Field("is_fork_pull_request", false);
    out.Field("prettyref", pull ? Cat("#", parts[2]) : Join(std::span(parts).subspan(2), "/"));
    out.Field("status", conclusion.empty() ? "running" : conclusion);
    out.Key("trigger_user").BeginObject().Field("login", run.actor).EndObject().EndObject();
    return out.Take();
  }
  out.Field("run_number", run.index).Field("head_sha", run.sha);
  out.Field("run_attempt", run.numbered ? static_cast<std::int64_t>(attempt) : 0);
  out.Field("path", Cat(run.workflow, "@", run.ref));
  Ended(out, conclusion);
  out.Key("actor").BeginObject().Field("login", run.actor).EndObject().EndObject();
  return out.Take();
}

HttpResponse FakeGitea::Jobs(const Parts& parts) {
  if (options_.forgejo) return Missing();
  for (const FakeGiteaRun& run : runs_) {
    for (const auto& attempt : run.attempts) {
      for (const FakeGiteaJob& job : attempt) {
        if (job.id != Number(parts[2])) continue;
        if (parts.size() == 3) return Answer(200, JobText(job));
        HttpResponse log = Answer(200, job.log.value_or(""));
        log.content_type = "text/plain";
        if (!job.log_at.empty()) {
          log.status = 302;
          log.headers = {{"Location", job.log_at}};
        }
        return job.log ? log : Message(404, "logs have been cleaned up");
      }
    }
  }
  return Missing();
}

HttpResponse FakeGitea::Tasks(const HttpRequest& request, const std::string& repo) {
  std::vector<std::string> elements;
  for (const FakeGiteaRun& run : runs_) {
    for (const FakeGiteaJob& job : run.attempts.back()) {
      JsonWriter out;
      out.BeginObject().Field("id", job.id).Field("name", job.name);
      out.Field("run_number", run.index).Field("status", job.conclusion).EndObject();
      if (run.repo == repo) elements.push_back(out.Take());
    }
  }
  return Page(request, elements, "workflow_runs");
}

HttpResponse FakeGitea::Page(const HttpRequest& request, const std::vector<std::string>& elements,
                             const std::string& field) const {
  const auto asked = [&](const char* name) {
    return static_cast<std::size_t>(std::max<std::int64_t>(1, Number(QueryValue(request, name))));
  };
  const std::size_t size = std::min(asked("limit"), options_.page_size), page = asked("page");
  const std::size_t begin = std::min((page - 1) * size, elements.size());
  const std::size_t end = std::min(begin + size, elements.size());
  std::string list = Cat("[", Join(std::span(elements).subspan(begin, end - begin), ","), "]");
  if (!field.empty())
    list = Cat("{\"", field, "\":", list, ",\"total_count\":", elements.size(), "}");
  HttpResponse answer = Answer(200, list);
  answer.headers = {{"X-Total-Count", Cat(elements.size())}};
  if (end < elements.size()) {
    // By an address that nobody reaches: a proxy stands before many a Gitea.
    answer.headers.emplace_back(
        "Link", Cat("<http://gitea.internal", request.path, "?page=", page + 1, ">; rel=\"next\""));
  }
  return answer;
}

}  // namespace regreen
