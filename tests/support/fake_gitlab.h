// A small GitLab behind real HTTP, for tests: it keeps pipelines, jobs, traces, branches, merge
// requests, notes and issues, and answers as the REST API (version 4) does. Requests are recorded.
// A failure that was asked for and never met fails the test.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/mutex.h"

namespace regreen {

struct FakeGitlabJob {
  std::int64_t id = 0;
  std::string name = "build", stage = "test", status = "failed", failure_reason = "script_failure";
  bool allow_failure = false;
  std::string created_at = "2023-11-14T22:00:00.000Z", finished_at = "2023-11-14T22:05:00.000Z";
  std::optional<std::string> trace = "error\n";  // nullopt: 404
  bool erased = false;
};

struct FakeBridge {
  std::string name = "trigger", status = "failed";
  std::int64_t downstream = 0;  // the pipeline's id
};

struct FakePipeline {
  std::string repo = "acme/widget";
  std::int64_t id = 1;
  std::string name, ref = "main", sha = std::string(40, 'a');
  bool tag = false;
  std::string source = "push", status = "failed", user = "dev", yaml_errors;
  std::vector<FakeGitlabJob> jobs;  // every one that there was
  std::vector<FakeBridge> bridges;
};

struct FakeMergeRequest {
  std::string repo = "acme/widget";
  std::int64_t iid = 0;  // 0: the next one
  std::string title = "A change", description;
  std::string source_branch, target_branch = "main";
  std::int64_t source_project = 100;  // the repository's own
  std::string sha;                    // "": the tip of source_branch
  std::string state = "opened";
  std::vector<std::string> labels;
  std::string pipeline_status;  // of its head; "": there is none
  std::string detailed_merge_status = "mergeable";
  bool auto_merge = false;  // asked for
  std::string merged_sha;
};

struct FakeNote {
  std::string repo, place;  // "merge_requests/7", "commits/<sha>"
  std::string body;
};

class FakeGitlab {
 public:
  static constexpr char kToken[] = "fake-gitlab-token";
  static constexpr std::int64_t kProject = 100, kFork = 200;

  // Retried jobs are made at the clock's time; it outlives the fake. `prefix`: a path that GitLab
  // is installed below, such as "/gitlab".
  explicit FakeGitlab(const Clock& clock, std::string prefix = "");
  ~FakeGitlab();

  std::string site() const;  // where people look
  std::string url() const;   // the API's base

  // Sets the branch too, when it is not there.
  void AddPipeline(FakePipeline pipeline);
  void SetBranch(const std::string& repo, const std::string& branch, const std::string& commit);
  void RemoveBranch(const std::string& repo, const std::string& branch);
  void SetParents(const std::string& commit, std::vector<std::string> parents);
  std::int64_t AddMergeRequest(FakeMergeRequest request);
  void ChangeMergeRequest(std::int64_t iid, const std::function<void(FakeMergeRequest&)>& change);
  void RemoveMergeRequest(std::int64_t iid);
  // Ends the jobs that were retried, and the pipeline with them.
  void FinishPipeline(std::int64_t id, const std::string& status);
  void ChangePipeline(std::int64_t id, const std::function<void(FakePipeline&)>& change);
  void AddNote(FakeNote note);

  // The next `times` requests whose "METHOD path" contains `part` get this answer.
  void Fail(HttpResponse answer, int times = 1, std::string part = "");
  void Fail(int status, int times = 1, std::string part = "");

  std::vector<FakeMergeRequest> merge_requests();
  std::vector<FakeNote> notes();
  std::vector<FakeNote> issues();              // place: the title
  std::size_t jobs(std::int64_t pipeline_id);  // that there were so far
  std::vector<HttpRequest> requests();
  int CountRequests(const std::string& part);  // by "METHOD path"

  // The webhook of a pipeline, and the headers that it comes with.
  static std::string PipelinePayload(const FakePipeline& pipeline);
  static Headers TokenHeaders(const std::string& secret, const std::string& event,
                              const std::string& key);

 private:
  struct Failure {
    HttpResponse answer;
    int times;
    std::string part;
  };
  using Parts = std::vector<std::string>;

  HttpResponse Serve(const HttpRequest& request);
  HttpResponse Route(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse Pipelines(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse Retry(FakePipeline& pipeline) RG_REQUIRES(mutex_);
  HttpResponse Jobs(const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse Repository(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse MergeRequests(const HttpRequest& request, const std::string& repo,
                             const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse ListMergeRequests(const HttpRequest& request, const std::string& repo)
      RG_REQUIRES(mutex_);
  HttpResponse OpenMergeRequest(const std::string& repo, const Json& body) RG_REQUIRES(mutex_);
  HttpResponse Merge(FakeMergeRequest& request, const Json& body) RG_REQUIRES(mutex_);
  HttpResponse Notes(const HttpRequest& request, FakeNote place, const char* field)
      RG_REQUIRES(mutex_);
  HttpResponse Issues(const HttpRequest& request, const std::string& repo) RG_REQUIRES(mutex_);
  HttpResponse Statuses(const HttpRequest& request, const std::string& repo,
                        const std::string& commit) RG_REQUIRES(mutex_);
  // Page after page by the header Link, as GitLab does it.
  HttpResponse Page(const HttpRequest& request, const std::vector<std::string>& elements) const;
  void WriteMergeRequest(const FakeMergeRequest& request, JsonWriter& out) RG_REQUIRES(mutex_);
  std::string HeadOf(const FakeMergeRequest& request) RG_REQUIRES(mutex_);
  FakeMergeRequest* Find(std::int64_t iid) RG_REQUIRES(mutex_);

  const Clock& clock_;
  const std::string prefix_;
  Mutex mutex_;
  std::vector<FakePipeline> pipelines_ RG_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, std::string> branches_ RG_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<std::string>> parents_ RG_GUARDED_BY(mutex_);
  std::vector<FakeMergeRequest> merge_requests_ RG_GUARDED_BY(mutex_);
  std::vector<FakeNote> notes_ RG_GUARDED_BY(mutex_);
  std::vector<FakeNote> issues_ RG_GUARDED_BY(mutex_);
  std::deque<Failure> failures_ RG_GUARDED_BY(mutex_);
  std::vector<HttpRequest> requests_ RG_GUARDED_BY(mutex_);
  std::int64_t next_iid_ RG_GUARDED_BY(mutex_) = 1;
  std::int64_t next_job_ RG_GUARDED_BY(mutex_) = 10'000;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace regreen
