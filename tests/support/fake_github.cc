#include "tests/support/fake_github.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "tests/support/fake_github_answers.h"

namespace regreen {
namespace {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Missing;
using fake_github::Number;
using fake_github::QueryValue;

constexpr std::int64_t kRepoId = 100, kForkId = 200;

void NullOr(JsonWriter& out, const char* key, const std::string& value) {
  out.Key(key);
  if (value.empty()) {
    out.Null();
  } else {
    out.String(value);
  }
}

void WriteRepository(JsonWriter& out, const char* key, std::int64_t id, const std::string& name) {
  out.Key(key).BeginObject().Field("id", id).Field("full_name", name).EndObject();
}

void WriteRun(JsonWriter& out, const FakeRun& run) {
  out.BeginObject().Field("id", run.id).Field("run_attempt", run.attempt).Field("name", run.name);
  out.Field("path", run.path).Field("event", run.event).Field("status", run.status);
  NullOr(out, "conclusion", run.conclusion);
  NullOr(out, "head_branch", run.branch);
  out.Field("head_sha", run.commit).Field("created_at", run.created_at);
  out.Field("updated_at", run.updated_at);
  out.Field("html_url", Cat("https://github.example/", run.repo, "/actions/runs/", run.id));
  out.Key("actor").BeginObject().Field("login", run.actor).EndObject();
  out.Key("pull_requests").BeginArray().EndArray();
  WriteRepository(out, "repository", kRepoId, run.repo);
  WriteRepository(out, "head_repository", run.fork ? kForkId : kRepoId,
                  run.fork ? "stranger/widget" : run.repo);
  out.EndObject();
}

void WriteJob(JsonWriter& out, const FakeJob& job) {
  out.BeginObject().Field("id", job.id).Field("name", job.name).Field("status", job.status);
  NullOr(out, "conclusion", job.conclusion);
  NullOr(out, "completed_at", job.completed_at);
  out.Field("html_url", Cat("https://github.example/jobs/", job.id));
  out.Key("steps").BeginArray();
  for (const FakeStep& step : job.steps) {
    out.BeginObject().Field("name", step.name).Field("number", step.number);
    out.Field("status", "completed").Field("conclusion", step.conclusion).EndObject();
  }
  out.EndArray().EndObject();
}

}  // namespace

FakeGithub::FakeGithub() {
  auto server =
      HttpServer::Start({}, [this](const HttpRequest& request) { return Serve(request); });
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = std::move(server).value();
}

FakeGithub::~FakeGithub() {
  server_->Stop();
  MutexLock lock(mutex_);
  for (const Failure& failure : failures_) {
    ADD_FAILURE() << failure.times << " failure(s) with status " << failure.answer.status
                  << " for \"" << failure.part << "\" were never met";
  }
}

std::string FakeGithub::url() const {
  return Cat("http://127.0.0.1:", server_->port());
}

void FakeGithub::AddRun(FakeRun run) {
  MutexLock lock(mutex_);
  if (!run.fork) branches_.emplace(std::pair(run.repo, run.branch), run.commit);
  runs_.push_back(std::move(run));
}

void FakeGithub::SetBranch(const std::string& repo, const std::string& branch,
                           const std::string& commit) {
  MutexLock lock(mutex_);
  branches_[{repo, branch}] = commit;
}

void FakeGithub::RemoveBranch(const std::string& repo, const std::string& branch) {
  MutexLock lock(mutex_);
  branches_.erase({repo, branch});
}

void FakeGithub::Fail(HttpResponse answer, int times, std::string part) {
  MutexLock lock(mutex_);
  failures_.push_back({std::move(answer), times, std::move(part)});
}

void FakeGithub::Fail(int status, int times, std::string part) {
  Fail(Message(status, "asked for by the test"), times, std::move(part));
}

std::vector<FakePull> FakeGithub::pulls() {
  MutexLock lock(mutex_);
  return pulls_;
}

std::vector<HttpRequest> FakeGithub::requests() {
  MutexLock lock(mutex_);
  return requests_;
}

int FakeGithub::CountRequests(const std::string& part) {
  MutexLock lock(mutex_);
  return static_cast<int>(
      std::count_if(requests_.begin(), requests_.end(), [&](const HttpRequest& request) {
        return Cat(request.method, " ", request.path).find(part) != std::string::npos;
      }));
}

HttpResponse FakeGithub::Serve(const HttpRequest& request) {
  MutexLock lock(mutex_);
  requests_.push_back(request);
  const std::string line = Cat(request.method, " ", request.path);
  for (auto failure = failures_.begin(); failure != failures_.end(); ++failure) {
    if (line.find(failure->part) == std::string::npos) continue;
    HttpResponse answer = failure->answer;
    if (--failure->times == 0) failures_.erase(failure);
    return answer;
  }
  Parts parts;
  for (std::string_view part : Split(std::string_view(request.path).substr(1), '/'))
    parts.emplace_back(part);
  if (parts[0] == "stored-logs") return StoredLog(request);
  if (HeaderValue(request.headers, "authorization") != Cat("Bearer ", kToken))
    return Message(401, "Bad credentials");
  if (parts[0] == "graphql") return GraphQl(request);
  if (parts.size() < 4 || parts[0] != "repos") return Missing();
  return Route(request, Cat(parts[1], "/", parts[2]), {parts.begin() + 3, parts.end()});
}

HttpResponse FakeGithub::Route(const HttpRequest& request, const std::string& repo,
                               const Parts& parts) {
  if (parts[0] == "collaborators" || parts.back() == "reactions") return People(request, parts);
  if (parts[0] == "hooks") return Hooks(request, parts);
  if (parts == Parts{"actions", "runs"}) return ListRuns(request, repo);
  if (parts[0] == "pulls") return Pulls(request, repo, parts);
  if (parts[0] == "issues") return Issues(request, repo, parts);
  if (parts[0] == "commits" && parts.size() == 3) return CommitAnswer(request, repo, parts);
  if (request.method == "POST" && parts.size() == 4 && parts[3] == "rerun-failed-jobs")
    return Rerun(repo, Number(parts[2]));
  if (request.method == "DELETE" && parts.size() > 3 && parts[0] == "git" && parts[1] == "refs")
    return DeleteBranch(repo, parts);
  if (request.method != "GET" || parts.size() < 2) return Missing();
  if (parts[0] == "actions" && parts.size() > 2)
    return Actions(repo, {parts.begin() + 1, parts.end()});
  if (parts[0] != "branches") return Missing();
  const std::string branch = Join(std::span(parts).subspan(1), "/");
  const auto tip = Tip(repo, branch);
  if (!tip) return Message(404, "Branch not found");
  JsonWriter out;
  out.BeginObject()
      .Field("name", branch)
      .Key("commit")
      .BeginObject()
      .Field("sha", *tip)
      .EndObject()
      .EndObject();
  return Answer(200, out.Take());
}

HttpResponse FakeGithub::Actions(const std::string& repo, const Parts& parts) {
  if (parts[0] == "runs") return RunAnswer(repo, parts);
  if (parts[0] == "jobs") return JobAnswer(repo, parts);
  return Missing();
}

// runs/{id}, runs/{id}/attempts/{n}, runs/{id}/attempts/{n}/jobs
HttpResponse FakeGithub::RunAnswer(const std::string& repo, const Parts& parts) {
  const FakeRun* found = nullptr;
  for (const FakeRun& run : runs_) {
    if (run.repo != repo || run.id != Number(parts[1])) continue;
    if (parts.size() > 3 ? run.attempt == Number(parts[3]) : !found || run.attempt > found->attempt)
      found = &run;
  }
  if (found == nullptr) return Missing();
  JsonWriter out;
  if (parts.size() < 5) {
    WriteRun(out, *found);
    return Answer(200, out.Take());
  }
  if (parts[4] != "jobs") return Missing();
  const std::size_t page_size = static_cast<std::size_t>(
      std::max<std::int64_t>(1, Number(QueryValue(requests_.back(), "per_page"))));
  const std::size_t page = static_cast<std::size_t>(
      std::max<std::int64_t>(1, Number(QueryValue(requests_.back(), "page"))));
  out.BeginObject()
      .Field("total_count", static_cast<std::int64_t>(found->jobs.size()))
      .Key("jobs")
      .BeginArray();
  for (std::size_t i = (page - 1) * page_size; i < std::min(page * page_size, found->jobs.size());
       ++i) {
    WriteJob(out, found->jobs[i]);
  }
  out.EndArray().EndObject();
  return Answer(200, out.Take());
}

// Of the conclusion that was asked for; the newest first.
HttpResponse FakeGithub::ListRuns(const HttpRequest& request, const std::string& repo) {
  JsonWriter out;
  out.BeginObject().Key("workflow_runs").BeginArray();
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    if (run->repo == repo && run->conclusion == QueryValue(request, "status") &&
        QueryValue(request, "page") == "1")
      WriteRun(out, *run);
  }
  out.EndArray().EndObject();
  return Answer(200, out.Take());
}

// jobs/{id}, jobs/{id}/logs
HttpResponse FakeGithub::JobAnswer(const std::string&, const Parts& parts) {
  const FakeJob* job = FindJob(Number(parts[1]));
  if (job == nullptr) return Missing();
  if (parts.size() == 2) {
    JsonWriter out;
    WriteJob(out, *job);
    return Answer(200, out.Take());
  }
  if (!job->log) return Missing();
  HttpResponse response = Answer(302, "");
  response.headers = {{"Location", Cat(url(), "/stored-logs/", job->id, "?sig=a%2Bb")}};
  return response;
}

HttpResponse FakeGithub::StoredLog(const HttpRequest& request) {
  EXPECT_EQ(HeaderValue(request.headers, "authorization"), "")
      << "the token was sent to the store of the logs";
  EXPECT_EQ(QueryValue(request, "sig"), "a+b");
  const FakeJob* job = FindJob(Number(request.path.substr(std::string("/stored-logs/").size())));
  if (job == nullptr || !job->log) return Answer(404, "<Code>BlobNotFound</Code>");
  HttpResponse response =
      Answer(job->log_status, job->log_status == 200 ? *job->log : "<Code>Error</Code>");
  response.content_type = "text/plain";
  return response;
}

std::optional<std::string> FakeGithub::Tip(const std::string& repo, const std::string& branch) {
  if (tip_source_) {
    if (auto tip = tip_source_(repo, branch)) return tip;
  }
  const auto found = branches_.find({repo, branch});
  if (found == branches_.end()) return std::nullopt;
  return found->second;
}

const FakeJob* FakeGithub::FindJob(std::int64_t id) {
  for (const FakeRun& run : runs_) {
    for (const FakeJob& job : run.jobs) {
      if (job.id == id) return &job;
    }
  }
  return nullptr;
}

std::string FakeGithub::RunPayload(const FakeRun& run, const std::string& action) {
  JsonWriter out;
  out.BeginObject().Field("action", action).Key("workflow_run");
  WriteRun(out, run);
  WriteRepository(out, "repository", kRepoId, run.repo);
  out.EndObject();
  return out.Take();
}

Headers FakeGithub::SignedHeaders(const std::string& body, const std::string& secret,
                                  const std::string& event, const std::string& guid) {
  return {{"content-type", "application/json"},
          {"x-github-event", event},
          {"x-github-delivery", guid},
          {"x-hub-signature-256", Cat("sha256=", HexEncode(HmacSha256(secret, body)))}};
}

}  // namespace regreen
