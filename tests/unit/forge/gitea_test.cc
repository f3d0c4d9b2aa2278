#include <gmock/gmock.h>

#include "adapters/forge/gitea_changes.h"
#include "adapters/forge/registry.h"
#include "daemon/base/text.h"
#include "daemon/ports/forge_actions.h"
#include "tests/support/fake_gitea.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kA(40, 'a'), kB(40, 'b');

struct Fixture {
  ManualClock clock;
  FakeGitea gitea;
  std::unique_ptr<HttpClient> http = NewHttpClient();
  std::unique_ptr<Forge> forge;

  explicit Fixture(FakeGitea::Options options = {}, bool forks = false)
      : gitea(std::move(options)) {
    ForgeOptions chosen;
    chosen.name = "tea";
    chosen.kind = "gitea";
    chosen.api = gitea.url();
    chosen.token = Secret(FakeGitea::kToken);
    chosen.repos = {"acme/*"};
    chosen.forks = forks;
    auto created = CreateForge(chosen, {http.get(), nullptr, &clock});
    EXPECT_TRUE(created.ok()) << created.status();
    forge = std::move(created).value();
  }

  static RunHint Hint(int attempt = RunKey::kNewest) {
    RunHint hint;
    hint.key = {"tea", "acme/widget", "1", attempt};
    return hint;
  }
  StatusOr<RunFacts> ReadRun() { return forge->ReadRun(Hint(), {}); }
};

FakeGiteaJob Job(std::int64_t id, const std::string& name, const char* conclusion) {
  FakeGiteaJob job;
  job.id = id;
  job.name = name;
  job.conclusion = conclusion;
  return job;
}

FakeGiteaRun RedRun(const char* ref = "refs/heads/main", const char* event = "push") {
  FakeGiteaRun run;
  run.ref = ref;
  run.event = event;
  run.attempts = {{Job(11, "test", "failure")}};
  return run;
}

HttpResponse Answer(int status, std::string body) {
  HttpResponse answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

TEST(GiteaForge, NamesTheStepThatFailedUnlessEveryStepIsSaidToHave) {
  Fixture f;
  FakeGiteaRun run = RedRun();
  run.attempts[0][0].steps = {{"checkout", "success"}, {"make", "failure"}, {"end", "skipped"}};
  run.attempts[0].push_back(Job(12, "lint", "failure"));
  run.attempts[0][1].steps = {{"checkout", "failure"}, {"make", "failure"}};
  f.gitea.AddRun(run);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok()) << facts.status();
  ASSERT_THAT(facts->jobs, SizeIs(2));
  EXPECT_EQ(facts->jobs[0].failed_step, "make");
  EXPECT_EQ(facts->jobs[0].failed_step_number, 2);
  EXPECT_EQ(facts->jobs[1].failed_step, "");
  EXPECT_EQ(facts->workflow, "ci.yml");
  EXPECT_EQ(facts->workflow_path, "") << "the folder is not told";
}

TEST(GiteaForge, ReadsJobsPageAfterPageHoweverShortThePagesAre) {
  Fixture f({.page_size = 2});
  FakeGiteaRun run = RedRun();
  run.attempts[0].clear();
  for (int i = 0; i < 5; ++i) run.attempts[0].push_back(Job(20 + i, Cat("job ", i), "failure"));
  f.gitea.AddRun(run);
  EXPECT_THAT(f.ReadRun()->jobs, SizeIs(5));
}

TEST(GiteaForge, ReadsRunsOfAVersionThatNumbersNoAttempts) {
  Fixture f({.reruns = false});
  FakeGiteaRun run = RedRun();
  run.numbered = false;
  f.gitea.AddRun(run);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->key.attempt, 1);
  EXPECT_THAT(facts->jobs, SizeIs(1));
  const Status rerun = f.forge->actions()->Rerun(facts->key, {});
  EXPECT_EQ(rerun.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(rerun), HasSubstr("not supported by this forge"));
}

TEST(GiteaForge, LeavesWhatNothingCanBeAddedTo) {
  struct Case {
    const char* ref;
    const char* event;
    const char* why;
  };
  for (const Case& c : {Case{"refs/tags/v1.0", "push", "refs/tags/v1.0"},
                        Case{"refs/heads/main", "pull_request_target", "does not name"}}) {
    Fixture f;
    f.gitea.AddRun(RedRun(c.ref, c.event));
    const auto run = f.ReadRun();
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_THAT(run->superseded_why, HasSubstr(c.why));
    EXPECT_THAT(run->jobs, SizeIs(0));
  }
}

TEST(GiteaForge, TakesThePullRequestOfADeletedForkForAForks) {
  Fixture f({}, true);
  FakeGiteaPull pull;
  pull.head = "main";
  pull.head_repo = -1;
  pull.sha = kA;
  f.gitea.AddPull(pull);
  f.gitea.AddRun(RedRun("refs/pull/1/head", "pull_request"));
  const auto run = f.ReadRun();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE(run->from_fork);
  EXPECT_EQ(run->branch, "someone:main");
  EXPECT_THAT(run->jobs, SizeIs(1));
}

TEST(GiteaForge, FollowsALogToItsStoreWithoutTheToken) {
  Fixture f;
  FakeGiteaRun run = RedRun();
  run.attempts[0][0].log_at = Cat(f.gitea.site(), "/store/log");
  f.gitea.AddRun(run);
  const auto log = f.forge->ReadLog(Fixture::Hint(), f.ReadRun()->jobs[0], {});
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->text, "from the store\n");
}

TEST(GiteaForge, WaitsForALogThatIsNotStoredYet) {
  Fixture f;
  FakeGiteaRun run = RedRun();
  run.attempts[0][0].log.reset();
  run.attempts[0][0].completed_at =
      absl::FormatTime(absl::RFC3339_sec, f.clock.Now(), absl::UTCTimeZone());
  f.gitea.AddRun(run);
  JobFacts job;
  job.id = "11";
  EXPECT_EQ(f.forge->ReadLog(Fixture::Hint(), job, {}).status().code(), StatusCode::kUnavailable);
  f.clock.Advance(absl::Minutes(10));
  EXPECT_EQ(f.forge->ReadLog(Fixture::Hint(), job, {}).status().code(), StatusCode::kNotFound);
  job.id = "../../x";
  EXPECT_EQ(f.forge->ReadLog(Fixture::Hint(), job, {}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(Forgejo, ReadsARunWithTheTasksThatItHas) {
  Fixture f({.forgejo = true});
  FakeGiteaRun other = RedRun(), run = RedRun();
  other.id = 2;
  other.index = 8;
  run.attempts[0].push_back(Job(12, "lint", "success"));
  f.gitea.AddRun(other);
  f.gitea.AddRun(run);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->completed && facts->failed && !facts->superseded) << facts->superseded_why;
  EXPECT_EQ(facts->commit, kA);
  EXPECT_EQ(facts->branch, "main");
  EXPECT_EQ(facts->author, "dev");
  ASSERT_THAT(facts->jobs, SizeIs(2));
  EXPECT_TRUE(facts->jobs[0].failed && !facts->jobs[1].failed);
}

TEST(Forgejo, SaysWhatItDoesNotHave) {
  Fixture f({.forgejo = true});
  f.gitea.AddRun(RedRun());
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok()) << facts.status();
  const Status log = f.forge->ReadLog(Fixture::Hint(), facts->jobs[0], {}).status();
  EXPECT_EQ(log.code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(log), HasSubstr("Forgejo gives no logs"));
  const Status rerun = f.forge->actions()->Rerun(facts->key, {});
  EXPECT_EQ(rerun.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(rerun), HasSubstr("not supported by this forge"));
  EXPECT_EQ(f.gitea.CountRequests("/logs"), 0);
  EXPECT_EQ(f.gitea.CountRequests("/rerun"), 0);
}

TEST(Forgejo, FindsThePullRequestOfARun) {
  Fixture f({.forgejo = true});
  FakeGiteaPull pull;
  pull.head = "topic";
  pull.sha = kA;
  f.gitea.AddPull(pull);
  f.gitea.AddRun(RedRun("refs/pull/1/head", "pull_request"));
  const auto run = f.ReadRun();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->pull_request, 1);
  EXPECT_EQ(run->branch, "topic");
  EXPECT_FALSE(run->from_fork || run->superseded) << run->superseded_why;
}

ChangeRequest Request() {
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/x";
  request.target = "main";
  request.title = "Repair it";
  request.draft = true;
  return request;
}

TEST(GiteaForge, LeavesAForksPullRequestOfTheSameBranchAloneAndReadsEveryPage) {
  Fixture f({.page_size = 1});
  f.gitea.SetBranch("main", kA);
  f.gitea.SetBranch("regreen/x", kB);
  FakeGiteaPull forks, ours;
  forks.head = ours.head = "regreen/x";
  forks.head_repo = FakeGitea::kFork;
  ours.title = "Ready, says a person";
  f.gitea.AddPull(forks);
  f.gitea.AddPull(ours);
  const auto change = f.forge->EnsureChange(Request(), {});
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_FALSE(change->created);
  EXPECT_EQ(change->number, 2);
  EXPECT_EQ(f.gitea.pulls()[0].title, "A change");
  EXPECT_EQ(f.gitea.pulls()[1].title, "Repair it") << "it stays ready";
}

TEST(GiteaForge, OpensAPullRequestThoughItsLabelsAreRefused) {
  Fixture f;
  f.gitea.SetBranch("main", kA);
  f.gitea.SetBranch("regreen/x", kB);
  f.gitea.Fail(403, 1, "POST /api/v1/repos/acme/widget/labels");
  ChangeRequest request = Request();
  request.labels = {"regreen"};
  const auto change = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_TRUE(change->created);
}

TEST(GiteaMerge, TellsWhatIsInTheWayFromWhatIsOnItsWay) {
  struct Case {
    const char* refusal;
    StatusCode code;
  };
  for (const Case& c : {Case{"Please try again later", StatusCode::kUnavailable},
                        Case{"Does not have enough approvals", StatusCode::kFailedPrecondition}}) {
    Fixture f;
    FakeGiteaPull pull;
    pull.head = "regreen/x";
    pull.sha = kB;
    pull.refusal = c.refusal;
    f.gitea.AddPull(pull);
    f.gitea.SetStatus(kB, "success");
    EXPECT_EQ(f.forge->actions()->MergeWhenGreen({"tea", "acme/widget", 1}, kB, {}).code(), c.code)
        << c.refusal;
  }
}

TEST(GiteaMerge, KnowsADraftByItsTitle) {
  for (const char* title : {"WIP: x", "wip:x", "[WIP] x", "WIP: [wip] x"}) {
    EXPECT_TRUE(IsWorkInProgress(title)) << title;
    EXPECT_EQ(WithoutWorkInProgress(title), "x") << title;
  }
  EXPECT_FALSE(IsWorkInProgress("Wipe: x"));
  EXPECT_EQ(WithoutWorkInProgress("A WIP: x"), "A WIP: x");
}

TEST(GiteaForge, RetriesListsThatAreNone) {
  for (const char* body :
       {"", "<html>", "[]", "{}", R"({"jobs":7,"total_count":1})", "{\"jobs\":["}) {
    Fixture f;
    f.gitea.AddRun(RedRun());
    f.gitea.Fail(Answer(200, body), 1, "/jobs");
    const Status status = f.ReadRun().status();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << body << ": " << status;
  }
}

TEST(GiteaForge, EndsListsThatNeverEnd) {
  Fixture f;
  f.gitea.AddRun(RedRun());
  HttpResponse page = Answer(200, R"({"jobs":[{"id":1,"name":"x"}],"total_count":999999})");
  f.gitea.Fail(page, 20, "/jobs");
  EXPECT_THAT(f.ReadRun()->jobs, SizeIs(20));
}

TEST(GiteaForge, SendsItsTokenNowhereElse) {
  Fixture f;
  FakeGitea elsewhere;
  HttpResponse moved = Answer(302, "");
  moved.headers = {{"Location", elsewhere.url()}};
  f.gitea.Fail(moved);
  EXPECT_EQ(f.ReadRun().status().code(), StatusCode::kNotFound);
  EXPECT_THAT(elsewhere.requests(), SizeIs(0));
}

TEST(GiteaForge, NamesEveryMistakeOfItsOptions) {
  ForgeOptions options;
  options.kind = "gitea";
  EXPECT_THAT(Message(CreateForge(options, {}).status()), HasSubstr("api is needed"));
  options.api = "http://gitea.example/api/v4";
  const std::string mistakes = Message(CreateForge(options, {}).status());
  for (const char* part : {"api must begin with https://", "api must end with /api/v1",
                           "token is needed", "repos names no"})
    EXPECT_THAT(mistakes, HasSubstr(part));
}

TEST(GiteaForge, ClonesFromWhereItsApiIs) {
  EXPECT_EQ(GitOf("gitea", "https://h.example/api/v1/tea/api/v1", ""),
            "https://h.example/api/v1/tea");
  EXPECT_EQ(GitOf("gitea", "https://h.example/api/v1", "/srv/git"), "/srv/git");
}

}  // namespace
}  // namespace regreen
