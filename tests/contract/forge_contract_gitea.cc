// Gitea for the contract of forges.
#include "daemon/base/text.h"
#include "tests/contract/forge_contract.h"
#include "tests/support/fake_gitea.h"

namespace regreen {
namespace {

class GiteaPeer final : public ForgePeer {
 public:
  Forge& forge() override { return *forge_; }
  void AddRedRun(const std::string& branch, const std::string& commit) override {
    gitea_.AddRun(RedRun(Cat("refs/heads/", branch), commit));
  }
  void AddForkedRun(const std::string& commit) override {
    FakeGiteaPull pull;
    pull.head = "main";
    pull.head_repo = FakeGitea::kFork;
    pull.sha = commit;
    OfPull(gitea_.AddPull(pull), commit);
  }
  std::int64_t AddRedRunOfChange(const std::string& branch, const std::string& commit) override {
    gitea_.SetBranch(branch, commit);
    const std::int64_t number = AddChange(branch, "", false, {});
    OfPull(number, commit);
    return number;
  }
  void FinishRun(const std::string& conclusion) override {
    gitea_.FinishRun(1, conclusion == "failed" ? "failure" : conclusion);
  }
  int reruns() override { return gitea_.attempts(1) - 1; }
  void SetBranch(const std::string& branch, const std::string& commit) override {
    gitea_.SetBranch(branch, commit);
  }
  void TakeLogAway() override {
    FakeGiteaRun run = RedRun("refs/heads/main", std::string(40, 'a'));
    run.attempts[0][1].log.reset();
    run.attempts[0][1].completed_at = "2023-11-13T22:13:00Z";
    gitea_.AddRun(run);
  }
  std::int64_t AddChange(const std::string& branch, const std::string& head, bool draft,
                         std::vector<std::string> labels) override {
    FakeGiteaPull pull;
    pull.title = draft ? "WIP: A change" : "A change";
    pull.head = branch;
    pull.sha = head;
    pull.labels = std::move(labels);
    return gitea_.AddPull(pull);
  }
  void SetState(std::int64_t number, const std::string& state) override {
    gitea_.ChangePull(number, [&](FakeGiteaPull& pull) {
      pull.state = "closed";
      pull.merged = state == "merged";
    });
  }
  void RemoveChange(std::int64_t number) override { gitea_.RemovePull(number); }
  void SetChecks(std::int64_t number, const std::string& state) override {
    for (const FakeGiteaPull& pull : gitea_.pulls()) {
      if (pull.number != number) continue;
      gitea_.SetStatus(pull.sha, state == "running"  ? "pending"
                                 : state == "failed" ? "failure"
                                                     : state);
    }
  }
  std::vector<SeenChange> changes() override {
    std::vector<SeenChange> seen;
    constexpr std::string_view kDraft = "WIP: ";
    for (const FakeGiteaPull& pull : gitea_.pulls()) {
      const bool draft = pull.title.starts_with(kDraft);
      seen.push_back({pull.number, draft ? pull.title.substr(kDraft.size()) : pull.title, pull.body,
                      pull.head, pull.base,
                      pull.merged            ? "merged"
                      : pull.state == "open" ? "opened"
                                             : "closed",
                      draft, pull.labels});
    }
    return seen;
  }
  bool comments_on_commits() const override { return false; }
  std::vector<std::string> comments() override {
    std::vector<std::string> texts;
    for (const FakeGiteaComment& comment : gitea_.comments()) texts.push_back(comment.body);
    return texts;
  }
  std::vector<std::string> issues() override { return gitea_.issues(); }
  void Fail(HttpResponse answer, int times) override { gitea_.Fail(std::move(answer), times); }
  std::size_t requests() override { return gitea_.requests().size(); }
  HttpResponse LimitedFor(int seconds) override {
    HttpResponse answer;
    answer.status = 429;
    answer.body = "Too Many Requests\n";
    answer.content_type = "text/plain";
    answer.headers = {{"Retry-After", Cat(seconds)}};
    return answer;
  }

 private:
  static FakeGiteaRun RedRun(const std::string& ref, const std::string& commit) {
    FakeGiteaRun run;
    run.ref = ref;
    run.sha = commit;
    FakeGiteaJob lint, test;
    lint.id = 11;
    lint.name = "lint";
    lint.conclusion = "success";
    test.id = 12;
    test.name = "test";
    test.log = "FAILED test_x\n";
    run.attempts = {{lint, test}};
    return run;
  }
  void OfPull(std::int64_t number, const std::string& commit) {
    FakeGiteaRun run = RedRun(Cat("refs/pull/", number, "/head"), commit);
    run.event = "pull_request";
    gitea_.AddRun(run);
  }

  FakeGitea gitea_{{.prefix = "/below/a/path"}};
  std::unique_ptr<HttpClient> http_ = NewHttpClient();
  std::unique_ptr<Forge> forge_ =
      CreatePeersForge("gitea", gitea_.url(), FakeGitea::kToken, *http_, clock);
};

}  // namespace

std::unique_ptr<ForgePeer> NewGiteaPeer() {
  return std::make_unique<GiteaPeer>();
}

}  // namespace regreen
