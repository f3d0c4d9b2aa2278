// A small Gitea behind real HTTP, for tests: it keeps runs with their attempts, jobs, logs,
// branches, pull requests, labels, comments, issues and commit statuses, and answers as Gitea's API
// description (templates/swagger/v1_json.tmpl) says. As Forgejo it tells runs in Forgejo's words,
// and lacks what that lacks. Requests are recorded. A failure that was asked for and never met
// fails the test.
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

struct FakeGiteaJob {
  std::int64_t id = 0;
  std::string name = "build", conclusion = "failure";      // "": it goes on
  std::vector<std::pair<std::string, std::string>> steps;  // name, conclusion
  std::string completed_at = "2023-11-14T22:05:00Z";
  std::optional<std::string> log = "error\n";  // nullopt: 404
  std::string log_at;                          // not "": redirected there
};

struct FakeGiteaRun {
  std::string repo = "acme/widget";
  std::int64_t id = 1, index = 7;
  std::string workflow = "ci.yml", ref = "refs/heads/main", sha = std::string(40, 'a');
  std::string event = "push", actor = "dev";
  bool numbered = true;  // false: of a version that says the attempt 0
  // The jobs of each attempt, from the first.
  std::vector<std::vector<FakeGiteaJob>> attempts;
};

struct FakeGiteaPull {
  std::string repo = "acme/widget";
  std::int64_t number = 0;  // 0: the next one
  std::string title = "A change", body, head, base = "main";
  std::int64_t head_repo = 100;  // the repository's own; -1: a fork that was deleted
  std::string sha;               // "": the tip of head
  std::string state = "open";
  bool merged = false;
  std::vector<std::string> labels;
  std::string refusal;  // of a merge: 405 with these words
};

struct FakeGiteaComment {
  std::string repo;
  std::int64_t pull = 0;
  std::string body;
};

class FakeGitea {
 public:
  static constexpr char kToken[] = "fake-gitea-token";
  static constexpr std::int64_t kRepo = 100, kFork = 200;
  struct Options {
    std::string prefix;  // a path that it is installed below, such as "/git"
    bool forgejo = false;
    bool reruns = true;          // false: of a version without rerun-failed-jobs
    std::size_t page_size = 50;  // [api] MAX_RESPONSE_ITEMS
  };

  explicit FakeGitea(Options options);
  FakeGitea() : FakeGitea(Options()) {}
  ~FakeGitea();

  std::string site() const;  // where people look
  std::string url() const;   // the API's base

  void AddRun(FakeGiteaRun run);  // sets the branch too, when it is not there
  void FinishRun(std::int64_t id, const std::string& conclusion);
  int attempts(std::int64_t id);
  void SetBranch(const std::string& branch, const std::string& commit);
  std::int64_t AddPull(FakeGiteaPull pull);
  void ChangePull(std::int64_t number, const std::function<void(FakeGiteaPull&)>& change);
  void RemovePull(std::int64_t number);
  void SetStatus(const std::string& commit, const std::string& state);  // success, pending …

  // The next `times` requests whose "METHOD path" contains `part` get this answer.
  void Fail(HttpResponse answer, int times = 1, std::string part = "");
  void Fail(int status, int times = 1, std::string part = "");

  std::vector<FakeGiteaPull> pulls();
  std::vector<FakeGiteaComment> comments();
  std::vector<std::string> issues();  // their texts
  std::vector<HttpRequest> requests();
  int CountRequests(const std::string& part);  // by "METHOD path"

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
  HttpResponse Actions(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse Runs(const HttpRequest& request, FakeGiteaRun& run, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse Jobs(const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse Tasks(const HttpRequest& request, const std::string& repo) RG_REQUIRES(mutex_);
  std::string RunText(const FakeGiteaRun& run, std::size_t attempt) const;
  HttpResponse Pulls(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse OpenPull(const std::string& repo, const Json& body) RG_REQUIRES(mutex_);
  HttpResponse Merge(FakeGiteaPull& pull, const Json& body) RG_REQUIRES(mutex_);
  HttpResponse Issues(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse Labels(const HttpRequest& request) RG_REQUIRES(mutex_);
  std::string PullText(const FakeGiteaPull& pull) RG_REQUIRES(mutex_);
  std::string HeadOf(const FakeGiteaPull& pull) RG_REQUIRES(mutex_);
  std::vector<std::string> LabelNames(const Json& ids) RG_REQUIRES(mutex_);
  FakeGiteaPull* Find(const std::string& repo, std::int64_t number) RG_REQUIRES(mutex_);
  // Page after page. With `field` the list is in an object, beside total_count.
  HttpResponse Page(const HttpRequest& request, const std::vector<std::string>& elements,
                    const std::string& field = "") const;

  const Options options_;
  Mutex mutex_;
  std::vector<FakeGiteaRun> runs_ RG_GUARDED_BY(mutex_);
  std::map<std::string, std::string> branches_ RG_GUARDED_BY(mutex_);
  std::map<std::string, std::string> statuses_ RG_GUARDED_BY(mutex_);
  std::vector<FakeGiteaPull> pulls_ RG_GUARDED_BY(mutex_);
  std::vector<std::string> labels_ RG_GUARDED_BY(mutex_);  // the id is the place, from 1
  std::vector<FakeGiteaComment> comments_ RG_GUARDED_BY(mutex_);
  std::vector<std::string> issues_ RG_GUARDED_BY(mutex_);
  std::deque<Failure> failures_ RG_GUARDED_BY(mutex_);
  std::vector<HttpRequest> requests_ RG_GUARDED_BY(mutex_);
  std::int64_t next_job_ RG_GUARDED_BY(mutex_) = 10'000;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace regreen
