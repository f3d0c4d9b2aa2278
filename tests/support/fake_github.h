// A small GitHub behind real HTTP, for tests: it keeps runs, jobs, logs, branches and pull
// requests, and answers as the REST API does. Requests are recorded. A failure that was asked for
// and never met fails the test, and so does a token that is sent to where the logs are stored.
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

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/mutex.h"

namespace regreen {

struct FakeStep {
  std::string name;
  int number = 1;
  std::string conclusion = "failure";
};

struct FakeJob {
  std::int64_t id = 0;
  std::string name = "build";
  std::string status = "completed", conclusion = "failure";
  std::vector<FakeStep> steps = {{"Run tests", 3, "failure"}};
  std::optional<std::string> log = "error\n";  // nullopt: 404
  int log_status = 200;                        // of the store that the API redirects to
  std::string completed_at = "2023-11-14T22:13:00Z";
};

struct FakeRun {
  std::string repo = "acme/widget";
  std::int64_t id = 1;
  int attempt = 1;
  std::string name = "CI", path = ".github/workflows/ci.yml";
  std::string event = "push", branch = "main";
  std::string commit = std::string(40, 'a');
  std::string status = "completed", conclusion = "failure";
  std::string actor = "dev";
  std::string created_at = "2023-11-14T22:00:00Z", updated_at = "2023-11-14T22:13:00Z";
  bool fork = false;
  std::vector<FakeJob> jobs;
};

struct FakePull {
  std::string repo = "acme/widget";
  std::int64_t number = 0;  // 0: the next one
  std::string title, body;
  std::string head_branch, base = "main";
  std::string head_sha;  // "": the tip of head_branch
  bool draft = false, merged = false, fork = false;
  std::string state = "open";
  std::vector<std::string> labels;
  bool auto_merge = false;          // asked for
  std::vector<std::string> checks;  // conclusions of its head's check runs; "": going on
  std::string merge_method, merged_sha;
};

struct FakeComment {
  std::string repo, commit;  // commit: "" for one on an issue or pull request
  std::int64_t number = 0;   // of the issue or pull request
  std::string body;
};

struct FakeIssue {
  std::string repo = "acme/widget";
  std::int64_t number = 0;
  std::string title, body, state = "open";
  std::vector<std::string> labels;
};

// One try of a webhook, as GitHub remembers it.
struct FakeHookDelivery {
  std::int64_t id = 0;
  std::string guid, event = "workflow_run";
  int status_code = 502;
  std::string delivered_at = "2023-11-14T22:13:00Z";
};

// What a person wrote.
struct FakeSaid {
  std::string text;
  std::string author = "dev";
  std::int64_t pull = 1, id = 77;
  std::string action = "created", type = "User";
  bool on_issue = false;
};

class FakeGithub {
 public:
  static constexpr char kToken[] = "fake-github-token";

  FakeGithub();
  ~FakeGithub();

  std::string url() const;  // the API's base

  // A run of a new attempt stands beside the older ones. Sets the branch too, when it is not there.
  void AddRun(FakeRun run);
  void SetBranch(const std::string& repo, const std::string& branch, const std::string& commit);
  void RemoveBranch(const std::string& repo, const std::string& branch);
  // Asked first for the tip of a branch: a real repository, for example. Set it before any request.
  using TipSource =
      std::function<std::optional<std::string>(const std::string& repo, const std::string& branch)>;
  void SetTipSource(TipSource source) { tip_source_ = std::move(source); }
  // Told when a branch is deleted through the API. Set it before any request.
  using BranchRemover = std::function<void(const std::string& repo, const std::string& branch)>;
  void SetBranchRemover(BranchRemover remover) { branch_remover_ = std::move(remover); }
  std::int64_t AddPull(FakePull pull);
  void ClosePull(std::int64_t number, bool merged);
  void RemovePull(std::int64_t number);
  void RefuseDrafts() { refuse_drafts_ = true; }
  // Ends the newest attempt of a run, which was asked for by us.
  void FinishRun(std::int64_t id, const std::string& conclusion);
  // What the check runs of a pull request's head say.
  void SetChecks(std::int64_t number, std::vector<std::string> conclusions);
  // What the check runs of a commit say, by name; before those of a pull request.
  void SetCommitChecks(const std::string& commit,
                       std::vector<std::pair<std::string, std::string>> checks);
  // The branch requires checks, so that GitHub takes a wish to merge later.
  void RequireChecks() { require_checks_ = true; }
  void AddComment(FakeComment comment);
  // Whose permission is that: admin, write, read, none. Everyone else is unknown.
  void SetPermission(const std::string& login, std::int64_t id, const std::string& permission);
  // Of the repository's one webhook, whose address ends with /hooks/github; the newest first.
  void AddDelivery(FakeHookDelivery delivery);
  std::vector<std::int64_t> redelivered();  // ids of deliveries that were asked for again
  std::vector<std::string> reactions();     // "issues/comments/7 +1"

  // The next `times` requests whose "METHOD path" contains `part` get this answer.
  void Fail(HttpResponse answer, int times = 1, std::string part = "");
  void Fail(int status, int times = 1, std::string part = "");

  std::vector<FakePull> pulls();
  std::vector<FakeComment> comments();
  std::vector<FakeIssue> issues();
  int attempts(std::int64_t run_id);  // of a run, so far
  std::vector<HttpRequest> requests();
  int CountRequests(const std::string& part);  // by "METHOD path"

  // The webhook of a run, and the headers that it comes with.
  static std::string RunPayload(const FakeRun& run, const std::string& action = "completed");
  static std::string CommentPayload(const FakeSaid& said);
  static Headers SignedHeaders(const std::string& body, const std::string& secret,
                               const std::string& event, const std::string& guid);

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
  HttpResponse Actions(const std::string& repo, const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse RunAnswer(const std::string& repo, const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse JobAnswer(const std::string& repo, const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse StoredLog(const HttpRequest& request) RG_REQUIRES(mutex_);
  HttpResponse Pulls(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse ListPulls(const HttpRequest& request, const std::string& repo) RG_REQUIRES(mutex_);
  HttpResponse OpenPull(const std::string& repo, const Json& body) RG_REQUIRES(mutex_);
  HttpResponse PullsOfCommit(const std::string& repo, const std::string& commit)
      RG_REQUIRES(mutex_);
  HttpResponse AddLabels(std::int64_t number, const Json& body) RG_REQUIRES(mutex_);
  HttpResponse Rerun(const std::string& repo, std::int64_t id) RG_REQUIRES(mutex_);
  HttpResponse Issues(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse ListIssues(const HttpRequest& request, const std::string& repo) RG_REQUIRES(mutex_);
  HttpResponse Comments(const HttpRequest& request, FakeComment place) RG_REQUIRES(mutex_);
  HttpResponse CommitAnswer(const HttpRequest& request, const std::string& repo, const Parts& parts)
      RG_REQUIRES(mutex_);
  HttpResponse DeleteBranch(const std::string& repo, const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse Merge(FakePull& pull, const Json& body) RG_REQUIRES(mutex_);
  HttpResponse People(const HttpRequest& request, const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse Hooks(const HttpRequest& request, const Parts& parts) RG_REQUIRES(mutex_);
  HttpResponse ListRuns(const HttpRequest& request, const std::string& repo) RG_REQUIRES(mutex_);
  HttpResponse GraphQl(const HttpRequest& request) RG_REQUIRES(mutex_);
  std::string HeadOf(const FakePull& pull) RG_REQUIRES(mutex_);
  std::optional<std::string> Tip(const std::string& repo, const std::string& branch)
      RG_REQUIRES(mutex_);
  FakePull* FindPull(std::int64_t number) RG_REQUIRES(mutex_);
  const FakeJob* FindJob(std::int64_t id) RG_REQUIRES(mutex_);
  void WritePull(const FakePull& pull, JsonWriter& out) RG_REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<FakeRun> runs_ RG_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, std::string> branches_ RG_GUARDED_BY(mutex_);
  std::vector<FakePull> pulls_ RG_GUARDED_BY(mutex_);
  std::deque<Failure> failures_ RG_GUARDED_BY(mutex_);
  std::vector<HttpRequest> requests_ RG_GUARDED_BY(mutex_);
  std::int64_t next_pull_ RG_GUARDED_BY(mutex_) = 1;
  std::vector<FakeComment> comments_ RG_GUARDED_BY(mutex_);
  std::vector<FakeIssue> issues_ RG_GUARDED_BY(mutex_);
  std::map<std::string, std::pair<std::int64_t, std::string>> people_ RG_GUARDED_BY(mutex_);
  std::vector<std::string> reactions_ RG_GUARDED_BY(mutex_);
  std::vector<FakeHookDelivery> deliveries_ RG_GUARDED_BY(mutex_);
  std::vector<std::int64_t> redelivered_ RG_GUARDED_BY(mutex_);
  bool refuse_drafts_ = false, require_checks_ = false;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> commit_checks_
      RG_GUARDED_BY(mutex_);
  TipSource tip_source_;
  BranchRemover branch_remover_;
  std::unique_ptr<HttpServer> server_;  // last: its threads use the rest
};

}  // namespace regreen
