#include "tests/support/fake_gitlab.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/support/fake_github_answers.h"

namespace regreen {
namespace {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Number;
using fake_github::QueryValue;

HttpResponse Missing() {
  return Message(404, "404 Not found");
}

void NullOr(JsonWriter& out, const char* key, const std::string& value) {
  out.Key(key);
  value.empty() ? out.Null() : out.String(value);
}

void WritePipeline(JsonWriter& out, const FakePipeline& pipeline) {
  out.BeginObject().Field("id", pipeline.id).Field("project_id", FakeGitlab::kProject);
  NullOr(out, "name", pipeline.name);
  out.Field("ref", pipeline.ref).Field("sha", pipeline.sha).Field("tag", pipeline.tag);
  out.Field("source", pipeline.source).Field("status", pipeline.status);
  NullOr(out, "yaml_errors", pipeline.yaml_errors);
  out.Field("web_url", Cat("https://gitlab.example/", pipeline.repo, "/-/pipelines/", pipeline.id));
  out.Key("user").BeginObject().Field("username", pipeline.user).EndObject().EndObject();
}

std::string JobText(const FakeGitlabJob& job) {
  JsonWriter out;
  out.BeginObject().Field("id", job.id).Field("name", job.name).Field("stage", job.stage);
  out.Field("status", job.status).Field("allow_failure", job.allow_failure);
  NullOr(out, "failure_reason", job.status == "failed" ? job.failure_reason : "");
  out.Field("created_at", job.created_at);
  NullOr(out, "finished_at", job.finished_at);
  NullOr(out, "erased_at", job.erased ? job.finished_at : "");
  out.Field("web_url", Cat("https://gitlab.example/jobs/", job.id)).EndObject();
  return out.Take();
}

bool IsEnd(const std::string& status) {
  return status == "success" || status == "failed" || status == "canceled" || status == "skipped";
}

}  // namespace

FakeGitlab::FakeGitlab(const Clock& clock, std::string prefix)
    : clock_(clock), prefix_(std::move(prefix)) {
  auto server =
      HttpServer::Start({}, [this](const HttpRequest& request) { return Serve(request); });
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = std::move(server).value();
}

FakeGitlab::~FakeGitlab() {
  server_->Stop();
  MutexLock lock(mutex_);
  for (const Failure& failure : failures_) {
    ADD_FAILURE() << failure.times << " failure(s) with status " << failure.answer.status
                  << " for \"" << failure.part << "\" were never met";
  }
}

std::string FakeGitlab::site() const {
  return Cat("http://127.0.0.1:", server_->port(), prefix_);
}

std::string FakeGitlab::url() const {
  return Cat(site(), "/api/v4");
}

void FakeGitlab::AddPipeline(FakePipeline pipeline) {
  MutexLock lock(mutex_);
  if (!pipeline.ref.starts_with("refs/"))
    branches_.emplace(std::pair(pipeline.repo, pipeline.ref), pipeline.sha);
  pipelines_.push_back(std::move(pipeline));
}

void FakeGitlab::SetBranch(const std::string& repo, const std::string& branch,
                           const std::string& commit) {
  MutexLock lock(mutex_);
  branches_[{repo, branch}] = commit;
}

void FakeGitlab::RemoveBranch(const std::string& repo, const std::string& branch) {
  MutexLock lock(mutex_);
  branches_.erase({repo, branch});
}

void FakeGitlab::SetParents(const std::string& commit, std::vector<std::string> parents) {
  MutexLock lock(mutex_);
  parents_[commit] = std::move(parents);
}

void FakeGitlab::ChangePipeline(std::int64_t id, const std::function<void(FakePipeline&)>& change) {
  MutexLock lock(mutex_);
  for (FakePipeline& pipeline : pipelines_) {
    if (pipeline.id == id) return change(pipeline);
  }
  FAIL() << "there is no pipeline " << id;
}

void FakeGitlab::FinishPipeline(std::int64_t id, const std::string& status) {
  const std::string now =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_.Now(), absl::UTCTimeZone());
  ChangePipeline(id, [&](FakePipeline& pipeline) {
    EXPECT_FALSE(IsEnd(pipeline.status)) << "the pipeline has ended already";
    pipeline.status = status;
    for (FakeGitlabJob& job : pipeline.jobs) {
      if (!IsEnd(job.status)) {
        job.status = status;
        job.finished_at = now;
      }
    }
  });
}

void FakeGitlab::Fail(HttpResponse answer, int times, std::string part) {
  MutexLock lock(mutex_);
  failures_.push_back({std::move(answer), times, std::move(part)});
}

void FakeGitlab::Fail(int status, int times, std::string part) {
  Fail(Message(status, "asked for by the test"), times, std::move(part));
}

std::size_t FakeGitlab::jobs(std::int64_t pipeline_id) {
  std::size_t count = 0;
  ChangePipeline(pipeline_id, [&](FakePipeline& pipeline) { count = pipeline.jobs.size(); });
  return count;
}

std::vector<HttpRequest> FakeGitlab::requests() {
  MutexLock lock(mutex_);
  return requests_;
}

int FakeGitlab::CountRequests(const std::string& part) {
  MutexLock lock(mutex_);
  return static_cast<int>(
      std::count_if(requests_.begin(), requests_.end(), [&](const HttpRequest& request) {
        return Cat(request.method, " ", request.path).find(part) != std::string::npos;
      }));
}

HttpResponse FakeGitlab::Serve(const HttpRequest& request) {
  MutexLock lock(mutex_);
  requests_.push_back(request);
  const std::string line = Cat(request.method, " ", request.path);
  for (auto failure = failures_.begin(); failure != failures_.end(); ++failure) {
    if (line.find(failure->part) == std::string::npos) continue;
    HttpResponse answer = failure->answer;
    if (--failure->times == 0) failures_.erase(failure);
    return answer;
  }
  if (HeaderValue(request.headers, "private-token") != kToken)
    return Message(401, "401 Unauthorized");
  const std::string root = Cat(prefix_, "/api/v4/projects/");
  if (!request.path.starts_with(root)) return Missing();
  // The repository's slashes are sent encoded, and decoded by the server.
  std::string repo;
  const auto parts = Split(std::string_view(request.path).substr(root.size()), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (const std::string_view word :
         {"pipelines", "jobs", "repository", "merge_requests", "issues"}) {
      if (i >= 2 && parts[i] == word)
        return Route(request, repo, {parts.begin() + static_cast<std::ptrdiff_t>(i), parts.end()});
    }
    Append(repo, repo.empty() ? "" : "/", parts[i]);
  }
  return Missing();
}

HttpResponse FakeGitlab::Route(const HttpRequest& request, const std::string& repo,
                               const Parts& parts) {
  if (parts[0] == "pipelines" && parts.size() > 1) return Pipelines(request, repo, parts);
  if (parts[0] == "jobs" && parts.size() > 1 && request.method == "GET") return Jobs(parts);
  if (parts[0] == "repository" && parts.size() > 2) return Repository(request, repo, parts);
  if (parts[0] == "merge_requests") return MergeRequests(request, repo, parts);
  if (parts[0] == "issues") return Issues(request, repo);
  return Missing();
}

// pipelines/{id}, pipelines/{id}/jobs, /bridges, /retry
HttpResponse FakeGitlab::Pipelines(const HttpRequest& request, const std::string& repo,
                                   const Parts& parts) {
  for (FakePipeline& pipeline : pipelines_) {
    if (pipeline.repo != repo || pipeline.id != Number(parts[1])) continue;
    if (parts.size() == 3 && parts[2] == "retry" && request.method == "POST")
      return Retry(pipeline);
    JsonWriter out;
    std::vector<std::string> elements;
    if (parts.size() == 2) {
      WritePipeline(out, pipeline);
      return Answer(200, out.Take());
    }
    if (parts[2] == "jobs") {
      EXPECT_EQ(QueryValue(request, "include_retried"), "true");
      for (const FakeGitlabJob& job : pipeline.jobs) elements.push_back(JobText(job));
      std::reverse(elements.begin(), elements.end());  // the newest first
      return Page(request, elements);
    }
    for (const FakeBridge& bridge : pipeline.bridges) {
      out.BeginObject().Field("id", 5).Field("name", bridge.name).Field("status", bridge.status);
      out.Field("allow_failure", false).Key("downstream_pipeline").BeginObject();
      out.Field("id", bridge.downstream).EndObject().EndObject();
      elements.push_back(out.Take());
    }
    return Page(request, elements);
  }
  return Missing();
}

// Of each name the newest job, where it failed or was cancelled.
HttpResponse FakeGitlab::Retry(FakePipeline& pipeline) {
  std::map<std::string, FakeGitlabJob> newest;
  for (const FakeGitlabJob& job : pipeline.jobs) newest[job.name] = job;
  absl::Duration later;
  for (auto& [name, job] : newest) {
    if (job.status != "failed" && job.status != "canceled") continue;
    job.id = next_job_++;
    job.status = "pending";
    job.created_at =
        absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_.Now() + later, absl::UTCTimeZone());
    later += absl::Milliseconds(40);
    job.finished_at.clear();
    pipeline.jobs.push_back(job);
    pipeline.status = "running";
  }
  JsonWriter out;
  WritePipeline(out, pipeline);
  return Answer(201, out.Take());
}

// jobs/{id}, jobs/{id}/trace
HttpResponse FakeGitlab::Jobs(const Parts& parts) {
  for (const FakePipeline& pipeline : pipelines_) {
    for (const FakeGitlabJob& job : pipeline.jobs) {
      if (job.id != Number(parts[1])) continue;
      if (parts.size() == 2) return Answer(200, JobText(job));
      if (!job.trace) return Missing();
      HttpResponse trace = Answer(200, *job.trace);
      trace.content_type = "text/plain";
      return trace;
    }
  }
  return Missing();
}

// repository/branches/{branch}, repository/commits/{sha}, …/comments
HttpResponse FakeGitlab::Repository(const HttpRequest& request, const std::string& repo,
                                    const Parts& parts) {
  JsonWriter out;
  if (parts[1] == "branches") {
    const auto found = branches_.find({repo, Join(std::span(parts).subspan(2), "/")});
    if (found == branches_.end()) return Message(404, "404 Branch Not Found");
    if (request.method == "DELETE") {
      branches_.erase(found);
      return Answer(204, "");
    }
    out.BeginObject().Key("commit").BeginObject().Field("id", found->second);
    out.EndObject().EndObject();
    return Answer(200, out.Take());
  }
  if (parts.size() == 4 && parts[3] == "statuses") return Statuses(request, repo, parts[2]);
  if (parts.size() == 4) return Notes(request, {repo, Cat("commits/", parts[2]), ""}, "note");
  out.BeginObject().Field("id", parts[2]).Field("parent_ids", parents_[parts[2]]).EndObject();
  return Answer(200, out.Take());
}

HttpResponse FakeGitlab::Page(const HttpRequest& request,
                              const std::vector<std::string>& elements) const {
  const auto asked = [&](const char* name, std::int64_t otherwise) {
    const std::int64_t number = Number(QueryValue(request, name));
    return static_cast<std::size_t>(number > 0 ? number : otherwise);
  };
  const std::size_t size = asked("per_page", 20), page = asked("page", 1);
  EXPECT_LE(size, 100u) << "GitLab gives a hundred at the most";
  const std::size_t begin = std::min((page - 1) * size, elements.size());
  const std::size_t end = std::min(begin + size, elements.size());
  HttpResponse answer =
      Answer(200, Cat("[", Join(std::span(elements).subspan(begin, end - begin), ","), "]"));
  if (end == elements.size()) return answer;
  std::string query;
  for (const auto& [name, value] : request.query) {
    if (name != "page") Append(query, "&", name, "=", PercentEncode(value));
  }
  // By an address that nobody reaches: a proxy stands before many a GitLab.
  const std::string list = Cat("http://gitlab.internal", request.path, "?page=");
  answer.headers = {{"Link", Cat("<", list, 1, query, ">; rel=\"first\", <", list, page + 1, query,
                                 ">; rel=\"next\"")}};
  return answer;
}

std::string FakeGitlab::PipelinePayload(const FakePipeline& pipeline) {
  JsonWriter out;
  out.BeginObject().Field("object_kind", "pipeline").Key("object_attributes");
  WritePipeline(out, pipeline);
  out.Key("merge_request").Null().Key("project").BeginObject().Field("id", kProject);
  out.Field("path_with_namespace", pipeline.repo).EndObject().EndObject();
  return out.Take();
}

Headers FakeGitlab::TokenHeaders(const std::string& secret, const std::string& event,
                                 const std::string& key) {
  return {{"content-type", "application/json"},
          {"x-gitlab-event", event},
          {"x-gitlab-token", secret},
          {"idempotency-key", key}};
}

}  // namespace regreen
