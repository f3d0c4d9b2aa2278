#include "tests/unit/forge/github_fixture.h"

namespace regreen {
namespace {

using Fixture = GithubFixture;

TEST(GithubForge, ReadsAFailedRunWithItsJobsAndStep) {
  Fixture f;
  FakeRun run = FailedRun();
  run.path = ".github/workflows/ci.yml@refs/heads/main";
  f.github.AddRun(run);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(ToString(facts->key), "gh/acme/widget/1/1");
  EXPECT_EQ(facts->ci, "hub");
  EXPECT_EQ(facts->workflow, "CI");
  EXPECT_EQ(facts->workflow_path, ".github/workflows/ci.yml");
  EXPECT_EQ(facts->branch, "main");
  EXPECT_EQ(facts->base_branch, "main");
  EXPECT_EQ(facts->commit, kA);
  EXPECT_EQ(facts->author, "dev");
  EXPECT_TRUE(facts->completed);
  EXPECT_TRUE(facts->failed);
  EXPECT_FALSE(facts->superseded) << facts->superseded_why;
  EXPECT_FALSE(facts->from_fork);
  ASSERT_EQ(facts->jobs.size(), 2u);
  EXPECT_FALSE(facts->jobs[0].failed);
  EXPECT_EQ(facts->jobs[1].id, "12");
  EXPECT_EQ(facts->jobs[1].name, "test");
  EXPECT_TRUE(facts->jobs[1].failed);
  EXPECT_EQ(facts->jobs[1].failed_step, "Test");
  EXPECT_EQ(facts->jobs[1].failed_step_number, 3);
}

TEST(GithubForge, SendsTheHeadersThatGithubAsksFor) {
  Fixture f;
  f.github.AddRun(FailedRun());
  ASSERT_TRUE(f.ReadRun().ok());
  const HttpRequest request = f.github.requests()[0];
  EXPECT_EQ(HeaderValue(request.headers, "accept"), "application/vnd.github+json");
  EXPECT_EQ(HeaderValue(request.headers, "x-github-api-version"), "2022-11-28");
  EXPECT_EQ(HeaderValue(request.headers, "user-agent"), "regreen");
}

TEST(GithubForge, SaysWhyARunIsSuperseded) {
  struct Case {
    const char* name;
    void (*arrange)(FakeGithub& github);
    const char* why;  // nullptr: not superseded
  };
  const Case cases[] = {
      {"still at the commit", [](FakeGithub&) {}, nullptr},
      {"moved on", [](FakeGithub& g) { g.SetBranch("acme/widget", "topic/x", kB); },
       "has moved on to bbbbbbbbbbbb"},
      {"branch gone", [](FakeGithub& g) { g.RemoveBranch("acme/widget", "topic/x"); },
       "there is no branch topic/x"},
      {"newer attempt",
       [](FakeGithub& g) {
         FakeRun again = FailedRun();
         again.attempt = 2;
         again.status = "in_progress";
         again.conclusion = "";
         g.AddRun(again);
       },
       "attempt 2 of the run has begun"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture f;
    FakeRun run = FailedRun();
    run.branch = "topic/x";
    f.github.AddRun(run);
    c.arrange(f.github);
    const auto facts = f.ReadRun();
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_TRUE(facts->completed);
    EXPECT_TRUE(facts->failed);
    EXPECT_EQ(facts->superseded, c.why != nullptr);
    const std::string why = c.why != nullptr ? c.why : "";
    EXPECT_NE(facts->superseded_why.find(why), std::string::npos) << facts->superseded_why;
  }
}

TEST(GithubForge, WaitsForAnAttemptThatTheApiDoesNotShowYet) {
  Fixture f;
  f.github.AddRun(FailedRun());
  EXPECT_EQ(f.ReadRun(2).status().code(), StatusCode::kUnavailable);
}

TEST(GithubForge, AsksNoMoreOfARunThatIsNoFailure) {
  for (const char* conclusion : {"success", "cancelled", ""}) {
    Fixture f;
    FakeRun run = FailedRun();
    run.conclusion = conclusion;
    run.status = *conclusion == '\0' ? "in_progress" : "completed";
    f.github.AddRun(run);
    const auto facts = f.ReadRun();
    ASSERT_TRUE(facts.ok());
    EXPECT_FALSE(facts->failed);
    EXPECT_EQ(facts->passed, conclusion == std::string_view("success"));
    EXPECT_EQ(facts->completed, *conclusion != '\0');
    EXPECT_EQ(f.github.requests().size(), 1u);
  }
}

TEST(GithubForge, TellsThatAnAttemptPassedThoughANewerOneRuns) {
  Fixture f;
  FakeRun green = FailedRun(), newer = FailedRun();
  green.attempt = 2;
  green.conclusion = "success";
  newer.attempt = 3;
  newer.status = "in_progress";
  newer.conclusion = "";
  f.github.AddRun(green);
  f.github.AddRun(newer);
  const auto facts = f.ReadRun(2);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->completed);
  EXPECT_TRUE(facts->passed);
}

TEST(GithubForge, TellsTheJobsOfAnAttemptThatALaterOneMadeGood) {
  struct Later {
    const char* status;
    const char* conclusion;
    bool passed;
  };
  for (const Later& later : {Later{"completed", "success", true},
                             {"completed", "failure", false},
                             {"completed", "cancelled", false},
                             {"in_progress", "", false}}) {
    SCOPED_TRACE(later.conclusion);
    Fixture f;
    FakeRun second = FailedRun();
    second.attempt = 2;
    second.status = later.status;
    second.conclusion = later.conclusion;
    f.github.AddRun(FailedRun());
    f.github.AddRun(second);
    const auto facts = f.ReadRun(1);
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_TRUE(facts->superseded);
    EXPECT_EQ(facts->superseded_why, "attempt 2 of the run has begun");
    EXPECT_EQ(facts->passed_later, later.passed);
    EXPECT_EQ(facts->jobs.size(), later.passed ? FailedRun().jobs.size() : 0u);
  }
}

TEST(GithubForge, TellsAForkThoughItsBranchIsCalledMain) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kB);
  FakeRun run = FailedRun();
  run.fork = true;
  f.github.AddRun(run);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok());
  EXPECT_TRUE(facts->from_fork);
  EXPECT_FALSE(facts->superseded) << "its branch is not ours to compare with";
}

TEST(GithubForge, ReadsAForksRunWhereItIsWorkedOn) {
  Fixture f(FakeGithub::kToken, true);
  FakeRun run = FailedRun();
  run.fork = true;
  run.event = "pull_request";
  f.github.AddRun(run);
  FakePull pull;
  pull.head_branch = "main";
  pull.head_sha = run.commit;
  pull.base = "release";
  const std::int64_t number = f.github.AddPull(pull);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->branch, "stranger:main") << "which no branch of the repository is called";
  EXPECT_EQ(facts->base_branch, "release");
  EXPECT_EQ(facts->pull_request, number);
  EXPECT_FALSE(facts->superseded) << facts->superseded_why;
  EXPECT_EQ(facts->jobs.size(), run.jobs.size());
  EXPECT_FALSE(IsOfBaseBranch(*facts));

  f.github.ClosePull(number, false);
  const auto closed = f.ReadRun();
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_TRUE(closed->superseded);
  EXPECT_TRUE(closed->jobs.empty());
}

TEST(GithubForge, FindsThePullRequestByItsHead) {
  Fixture f;
  FakeRun run = FailedRun();
  run.event = "pull_request";
  run.branch = "topic";
  f.github.AddRun(run);
  FakePull older;
  older.head_branch = "topic";
  older.state = "closed";
  f.github.AddPull(older);
  FakePull open;
  open.head_branch = "topic";
  open.base = "release/2";
  const std::int64_t number = f.github.AddPull(open);
  auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->pull_request, number);
  EXPECT_EQ(facts->base_branch, "release/2");
  EXPECT_FALSE(facts->superseded);
  f.github.ClosePull(number, false);
  facts = f.ReadRun();
  ASSERT_TRUE(facts.ok());
  EXPECT_TRUE(facts->superseded);
  EXPECT_NE(facts->superseded_why.find("is closed"), std::string::npos);
}

TEST(GithubForge, ReadsJobsOfManyPages) {
  Fixture f;
  FakeRun run;
  for (int i = 0; i < 250; ++i) {
    FakeJob job;
    job.id = 1000 + i;
    run.jobs.push_back(job);
  }
  f.github.AddRun(run);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->jobs.size(), 250u);
  EXPECT_EQ(f.github.CountRequests("/jobs"), 3);
}

TEST(GithubForge, ReadsNoMorePagesThanItsBound) {
  Fixture f;
  FakeRun run;
  for (int i = 0; i < 1200; ++i) {
    FakeJob job;
    job.id = 1000 + i;
    run.jobs.push_back(job);
  }
  f.github.AddRun(run);
  const auto facts = f.ReadRun();
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->jobs.size(), 1000u);
}

TEST(GithubForge, CompletesAForeignRunByItsBranchAlone) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kA);
  RunHint hint = Fixture::Hint();
  hint.foreign = true;
  hint.key.run_id = "jenkins:77";
  hint.branch = "main";
  hint.commit = kA;
  hint.job = "unit";
  hint.step = "make";
  const auto facts = f.forge->ReadRun(hint, {});
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->completed && facts->failed && !facts->superseded);
  ASSERT_EQ(facts->jobs.size(), 1u);
  EXPECT_EQ(facts->jobs[0].name, "unit");
  EXPECT_EQ(facts->jobs[0].failed_step, "make");
  EXPECT_TRUE(facts->jobs[0].failed);
  EXPECT_EQ(f.github.requests().size(), 1u);
  hint.commit = kB;
  EXPECT_TRUE(f.forge->ReadRun(hint, {})->superseded);
  hint.branch = "";
  EXPECT_TRUE(f.forge->ReadRun(hint, {})->superseded);
}

TEST(GithubForge, RefusesARepositoryThatTheConfigDoesNotName) {
  Fixture f;
  for (const char* repo :
       {"evil/widget", "acme", "acme/a/b", "acme/..", "acme/w?x", "acme/w%2fx", ""}) {
    SCOPED_TRACE(repo);
    RunHint hint = Fixture::Hint();
    hint.key.repo = repo;
    EXPECT_EQ(f.forge->ReadRun(hint, {}).status().code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(f.forge->Remote(repo).status().code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(f.forge->ReadLog(hint, {}, {}).status().code(), StatusCode::kPermissionDenied);
    ChangeRequest request;
    request.repo = repo;
    EXPECT_EQ(f.forge->EnsureChange(request, {}).status().code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(f.forge->ReadChange({"gh", repo, 1}, {}, {}).status().code(),
              StatusCode::kPermissionDenied);
  }
  EXPECT_TRUE(f.github.requests().empty());
}

TEST(GithubForge, GivesARemoteWhoseUrlHoldsNoCredential) {
  Fixture f;
  const auto remote = f.forge->Remote("acme/widget");
  ASSERT_TRUE(remote.ok());
  EXPECT_EQ(remote->url, "https://github.com/acme/widget.git");
  EXPECT_EQ(remote->user, "x-access-token");
  EXPECT_EQ(remote->password.Reveal(), FakeGithub::kToken);
}

}  // namespace
}  // namespace regreen
