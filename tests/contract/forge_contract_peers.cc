// GitHub and GitLab for the contract of forges.
#include <algorithm>

#include "daemon/base/text.h"
#include "tests/contract/forge_contract.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_gitlab.h"

namespace regreen {
namespace {

constexpr char kRepo[] = "acme/widget";

class GithubPeer final : public ForgePeer {
 public:
  Forge& forge() override { return *forge_; }
  void AddRedRun(const std::string& branch, const std::string& commit) override {
    github_.AddRun(RedRun(branch, commit));
  }
  void AddForkedRun(const std::string& commit) override {
    FakeRun run = RedRun("main", commit);
    run.fork = true;
    run.event = "pull_request";
    github_.AddRun(run);
  }
  std::int64_t AddRedRunOfChange(const std::string& branch, const std::string& commit) override {
    FakeRun run = RedRun(branch, commit);
    run.event = "pull_request";
    github_.AddRun(run);
    return AddChange(branch, "", false, {});
  }
  void FinishRun(const std::string& conclusion) override {
    github_.FinishRun(1, conclusion == "failed" ? "failure" : conclusion);
  }
  int reruns() override { return github_.attempts(1) - 1; }
  void SetBranch(const std::string& branch, const std::string& commit) override {
    github_.SetBranch(kRepo, branch, commit);
  }
  void TakeLogAway() override {
    FakeRun run = RedRun("main", std::string(40, 'a'));
    run.jobs[1].log.reset();
    run.jobs[1].completed_at = "2023-11-13T22:13:00Z";
    github_.AddRun(run);
  }
  std::int64_t AddChange(const std::string& branch, const std::string& head, bool draft,
                         std::vector<std::string> labels) override {
    FakePull pull;
    pull.head_branch = branch;
    pull.head_sha = head;
    pull.draft = draft;
    pull.labels = std::move(labels);
    return github_.AddPull(pull);
  }
  void SetState(std::int64_t number, const std::string& state) override {
    github_.ClosePull(number, state == "merged");
  }
  void RemoveChange(std::int64_t number) override { github_.RemovePull(number); }
  void SetChecks(std::int64_t number, const std::string& state) override {
    github_.SetChecks(number, {state == "running" ? "" : state == "failed" ? "failure" : state});
  }
  std::vector<SeenChange> changes() override {
    std::vector<SeenChange> seen;
    for (const FakePull& pull : github_.pulls()) {
      seen.push_back({pull.number, pull.title, pull.body, pull.head_branch, pull.base,
                      pull.merged            ? "merged"
                      : pull.state == "open" ? "opened"
                                             : "closed",
                      pull.draft, pull.labels});
    }
    return seen;
  }
  std::vector<std::string> comments() override {
    std::vector<std::string> texts;
    for (const FakeComment& comment : github_.comments()) texts.push_back(comment.body);
    return texts;
  }
  std::vector<std::string> issues() override {
    std::vector<std::string> texts;
    for (const FakeIssue& issue : github_.issues()) texts.push_back(issue.body);
    return texts;
  }
  void Fail(HttpResponse answer, int times) override { github_.Fail(std::move(answer), times); }
  std::size_t requests() override { return github_.requests().size(); }
  HttpResponse LimitedFor(int seconds) override {
    HttpResponse answer;
    answer.status = 403;
    answer.body = R"({"message":"You have exceeded a secondary rate limit"})";
    answer.headers = {{"Retry-After", Cat(seconds)}};
    return answer;
  }

 private:
  static FakeRun RedRun(const std::string& branch, const std::string& commit) {
    FakeRun run;
    run.branch = branch;
    run.commit = commit;
    FakeJob lint, test;
    lint.id = 11;
    lint.name = "lint";
    lint.conclusion = "success";
    test.id = 12;
    test.name = "test";
    test.log = "FAILED test_x\n";
    run.jobs = {lint, test};
    return run;
  }

  FakeGithub github_;
  std::unique_ptr<HttpClient> http_ = NewHttpClient();
  std::unique_ptr<Forge> forge_ =
      CreatePeersForge("github", github_.url(), FakeGithub::kToken, *http_, clock);
};

class GitlabPeer final : public ForgePeer {
 public:
  Forge& forge() override { return *forge_; }
  void AddRedRun(const std::string& branch, const std::string& commit) override {
    gitlab_.AddPipeline(RedPipeline(branch, commit));
  }
  void AddForkedRun(const std::string& commit) override {
    FakeMergeRequest request;
    request.source_branch = "main";
    request.source_project = FakeGitlab::kFork;
    request.sha = commit;
    OfChange(gitlab_.AddMergeRequest(request), commit);
  }
  std::int64_t AddRedRunOfChange(const std::string& branch, const std::string& commit) override {
    gitlab_.SetBranch(kRepo, branch, commit);
    const std::int64_t number = AddChange(branch, "", false, {});
    OfChange(number, commit);
    return number;
  }
  void FinishRun(const std::string& conclusion) override { gitlab_.FinishPipeline(1, conclusion); }
  int reruns() override { return static_cast<int>(gitlab_.jobs(1)) - 2; }
  void SetBranch(const std::string& branch, const std::string& commit) override {
    gitlab_.SetBranch(kRepo, branch, commit);
  }
  void TakeLogAway() override {
    FakePipeline pipeline = RedPipeline("main", std::string(40, 'a'));
    pipeline.jobs[1].trace.reset();
    gitlab_.AddPipeline(pipeline);
  }
  std::int64_t AddChange(const std::string& branch, const std::string& head, bool draft,
                         std::vector<std::string> labels) override {
    FakeMergeRequest request;
    request.title = draft ? "Draft: A change" : "A change";
    request.source_branch = branch;
    request.sha = head;
    request.labels = std::move(labels);
    return gitlab_.AddMergeRequest(request);
  }
  void SetState(std::int64_t number, const std::string& state) override {
    gitlab_.ChangeMergeRequest(number, [&](FakeMergeRequest& one) { one.state = state; });
  }
  void RemoveChange(std::int64_t number) override { gitlab_.RemoveMergeRequest(number); }
  void SetChecks(std::int64_t number, const std::string& state) override {
    gitlab_.ChangeMergeRequest(number, [&](FakeMergeRequest& one) { one.pipeline_status = state; });
  }
  std::vector<SeenChange> changes() override {
    std::vector<SeenChange> seen;
    constexpr std::string_view kDraft = "Draft: ";
    for (const FakeMergeRequest& one : gitlab_.merge_requests()) {
      const bool draft = one.title.starts_with(kDraft);
      seen.push_back({one.iid, draft ? one.title.substr(kDraft.size()) : one.title, one.description,
                      one.source_branch, one.target_branch, one.state, draft, one.labels});
    }
    return seen;
  }
  std::vector<std::string> comments() override { return TextsOf(gitlab_.notes()); }
  std::vector<std::string> issues() override { return TextsOf(gitlab_.issues()); }
  void Fail(HttpResponse answer, int times) override { gitlab_.Fail(std::move(answer), times); }
  std::size_t requests() override { return gitlab_.requests().size(); }
  HttpResponse LimitedFor(int seconds) override {
    HttpResponse answer;
    answer.status = 429;
    answer.body = "Retry later\n";
    answer.content_type = "text/plain";
    answer.headers = {{"Retry-After", Cat(seconds)}};
    return answer;
  }

 private:
  static std::vector<std::string> TextsOf(const std::vector<FakeNote>& notes) {
    std::vector<std::string> texts;
    for (const FakeNote& note : notes) texts.push_back(note.body);
    return texts;
  }
  static FakePipeline RedPipeline(const std::string& ref, const std::string& commit) {
    FakePipeline pipeline;
    pipeline.ref = ref;
    pipeline.sha = commit;
    FakeGitlabJob lint, test;
    lint.id = 11;
    lint.name = "lint";
    lint.status = "success";
    test.id = 12;
    test.name = "test";
    test.trace = "FAILED test_x\n";
    pipeline.jobs = {lint, test};
    return pipeline;
  }
  void OfChange(std::int64_t number, const std::string& commit) {
    FakePipeline pipeline = RedPipeline(Cat("refs/merge-requests/", number, "/head"), commit);
    pipeline.source = "merge_request_event";
    gitlab_.AddPipeline(pipeline);
  }

  FakeGitlab gitlab_{clock, "/below/a/path"};
  std::unique_ptr<HttpClient> http_ = NewHttpClient();
  std::unique_ptr<Forge> forge_ =
      CreatePeersForge("gitlab", gitlab_.url(), FakeGitlab::kToken, *http_, clock);
};

}  // namespace

std::unique_ptr<Forge> CreatePeersForge(const char* kind, const std::string& api, const char* token,
                                        HttpClient& http, const Clock& clock) {
  ForgeOptions options;
  options.name = "forge";
  options.kind = kind;
  options.api = api;
  options.git = "https://git.example";
  options.token = Secret(token);
  options.repos = {"acme/*"};
  auto forge = CreateForge(options, {&http, nullptr, &clock});
  EXPECT_TRUE(forge.ok()) << forge.status();
  return std::move(forge).value();
}

std::unique_ptr<ForgePeer> NewGithubPeer() {
  return std::make_unique<GithubPeer>();
}

std::unique_ptr<ForgePeer> NewGitlabPeer() {
  return std::make_unique<GitlabPeer>();
}

}  // namespace regreen
