#include <gtest/gtest.h>

#include "adapters/forge/registry.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "tests/support/fake_github.h"

namespace regreen {
namespace {

const std::string kA(40, 'a'), kB(40, 'b');

struct Fixture {
  FakeGithub github;
  ManualClock clock;
  std::unique_ptr<HttpClient> http = NewHttpClient();
  std::unique_ptr<Forge> forge;

  explicit Fixture(const std::string& token = FakeGithub::kToken) {
    ForgeOptions options;
    options.name = "gh";
    options.kind = "github";
    options.api = github.url();
    options.token = Secret(token);
    options.repos = {"acme/*"};
    auto created = CreateForge(options, {http.get(), nullptr, &clock});
    EXPECT_TRUE(created.ok()) << created.status();
    forge = std::move(created).value();
  }

  static RunHint Hint(int attempt = 1) {
    RunHint hint;
    hint.key = {"gh", "acme/widget", "1", attempt};
    hint.ci = "hub";
    return hint;
  }
  StatusOr<RunFacts> ReadRun(int attempt = 1) { return forge->ReadRun(Hint(attempt), {}); }
  StatusOr<JobLog> ReadLog(const std::string& id) {
    JobFacts job;
    job.id = id;
    return forge->ReadLog(Hint(), job, {});
  }
};

FakeRun FailedRun() {
  FakeRun run;
  FakeJob lint, test;
  lint.id = 11;
  lint.name = "lint";
  lint.conclusion = "success";
  lint.steps = {{"Lint", 2, "success"}};
  test.id = 12;
  test.name = "test";
  test.steps = {{"Set up job", 1, "success"}, {"Build", 2, "success"}, {"Test", 3, "failure"}, {"Upload", 4, "skipped"}};
  test.log = "FAILED test_x\n";
  run.jobs = {lint, test};
  return run;
}

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
      {"moved on", [](FakeGithub& g) { g.SetBranch("acme/widget", "topic/x", kB); }, "has moved on to bbbbbbbbbbbb"},
      {"branch gone", [](FakeGithub& g) { g.RemoveBranch("acme/widget", "topic/x"); }, "there is no branch topic/x"},
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
    EXPECT_EQ(facts->completed, *conclusion != '\0');
    EXPECT_EQ(f.github.requests().size(), 1u);
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
  for (const char* repo : {"evil/widget", "acme", "acme/a/b", "acme/..", "acme/w?x", "acme/w%2fx", ""}) {
    SCOPED_TRACE(repo);
    RunHint hint = Fixture::Hint();
    hint.key.repo = repo;
    EXPECT_EQ(f.forge->ReadRun(hint, {}).status().code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(f.forge->Remote(repo).status().code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(f.forge->ReadLog(hint, {}, {}).status().code(), StatusCode::kPermissionDenied);
    ChangeRequest request;
    request.repo = repo;
    EXPECT_EQ(f.forge->EnsureChange(request, {}).status().code(), StatusCode::kPermissionDenied);
    EXPECT_EQ(f.forge->ReadChange({"gh", repo, 1}, {}, {}).status().code(), StatusCode::kPermissionDenied);
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

TEST(GithubForge, FollowsALogsRedirectWithoutTheToken) {
  Fixture f;
  f.github.AddRun(FailedRun());
  const auto log = f.ReadLog("12");
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->text, "FAILED test_x\n");
  EXPECT_FALSE(log->truncated);
  EXPECT_EQ(f.github.CountRequests("GET /stored-logs/12"), 1);
}

TEST(GithubForge, RefusesToFetchALogInClearFromAnotherHost) {
  for (const char* location : {"http://198.51.100.1/log", "ftp://127.0.0.1/log", "", "//evil/log"}) {
    Fixture f;
    f.github.AddRun(FailedRun());
    HttpResponse redirect;
    redirect.status = 302;
    redirect.headers = {{"Location", location}};
    f.github.Fail(redirect, 1, "/logs");
    const auto log = f.ReadLog("12");
    EXPECT_FALSE(log.ok()) << location;
    EXPECT_FALSE(IsRetryable(log.status())) << location << log.status();
  }
}

TEST(GithubForge, TellsALogThatComesLaterFromOneThatNeverWill) {
  struct Case {
    const char* name;
    const char* status;
    const char* conclusion;
    absl::Duration since_end;
    StatusCode code;
  };
  const Case cases[] = {
      {"still running", "in_progress", "", absl::ZeroDuration(), StatusCode::kUnavailable},
      {"just ended", "completed", "failure", absl::Seconds(20), StatusCode::kUnavailable},
      {"ended long ago", "completed", "failure", absl::Minutes(11), StatusCode::kNotFound},
      {"cancelled", "completed", "cancelled", absl::Seconds(20), StatusCode::kNotFound},
      {"skipped", "completed", "skipped", absl::Seconds(20), StatusCode::kNotFound},
  };
  for (const Case& c : cases) {
    for (const bool at_store : {false, true}) {
      SCOPED_TRACE(Cat(c.name, at_store ? ", missing at the store" : ", missing at the API"));
      Fixture f;
      FakeRun run = FailedRun();
      FakeJob& job = run.jobs[1];
      job.status = c.status;
      job.conclusion = c.conclusion;
      job.completed_at = absl::FormatTime(absl::RFC3339_sec, f.clock.Now() - c.since_end, absl::UTCTimeZone());
      if (at_store) {
        job.log_status = 404;
      } else {
        job.log.reset();
      }
      f.github.AddRun(run);
      EXPECT_EQ(f.ReadLog("12").status().code(), c.code);
    }
  }
}

TEST(GithubForge, TakesAnExpiredLogForGone) {
  Fixture f;
  f.github.AddRun(FailedRun());
  HttpResponse gone;
  gone.status = 410;
  gone.body = "Server Error";
  f.github.Fail(gone, 1, "/logs");
  EXPECT_EQ(f.ReadLog("12").status().code(), StatusCode::kNotFound);
}

ChangeRequest Request() {
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/format-1234abcd";
  request.target = "main";
  request.title = "Format the code";
  request.body = "Because.";
  request.labels = {"regreen", "format"};
  return request;
}

TEST(GithubForge, OpensAPullRequestOnceAndThenUpdatesIt) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kA);
  f.github.SetBranch("acme/widget", "regreen/format-1234abcd", kB);
  ChangeRequest request = Request();
  request.draft = true;
  const auto opened = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->created);
  EXPECT_EQ(opened->link, "https://github.example/acme/widget/pull/1");
  request.title = "Format all of the code";
  const auto updated = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->created);
  EXPECT_EQ(updated->number, opened->number);
  const auto pulls = f.github.pulls();
  ASSERT_EQ(pulls.size(), 1u);
  EXPECT_EQ(pulls[0].title, "Format all of the code");
  EXPECT_EQ(pulls[0].head_branch, "regreen/format-1234abcd");
  EXPECT_EQ(pulls[0].base, "main");
  EXPECT_TRUE(pulls[0].draft);
  EXPECT_EQ(pulls[0].labels, (std::vector<std::string>{"regreen", "format"}));
}

TEST(GithubForge, OpensAnOrdinaryPullRequestWhereThereAreNoDrafts) {
  Fixture f;
  f.github.RefuseDrafts();
  f.github.SetBranch("acme/widget", "main", kA);
  f.github.SetBranch("acme/widget", "regreen/format-1234abcd", kB);
  ChangeRequest request = Request();
  request.draft = true;
  const auto opened = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_FALSE(f.github.pulls()[0].draft);
}

TEST(GithubForge, OpensThePullRequestThoughItsLabelsFail) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kA);
  f.github.SetBranch("acme/widget", "regreen/format-1234abcd", kB);
  f.github.Fail(403, 1, "/labels");
  EXPECT_TRUE(f.forge->EnsureChange(Request(), {}).ok());
}

TEST(GithubForge, RepeatsGithubsWordsWhenAPullRequestIsRefused) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kA);
  const auto refused = f.forge->EnsureChange(Request(), {});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(Message(refused.status()).find("head is invalid"), std::string::npos) << refused.status();
}

TEST(GithubForge, ReadsWhatBecameOfAChange) {
  using Kind = ChangeState::Kind;
  Fixture f;
  FakePull pull;
  pull.head_branch = "regreen/x";
  pull.head_sha = kB;
  const std::int64_t number = f.github.AddPull(pull);
  const auto read = [&] { return f.forge->ReadChange({"gh", "acme/widget", number}, {}, {}); };
  EXPECT_EQ(read()->kind, Kind::kOpen);
  EXPECT_EQ(read()->head, kB);
  f.github.ClosePull(number, false);
  EXPECT_EQ(read()->kind, Kind::kClosed);
  f.github.ClosePull(number, true);
  EXPECT_EQ(read()->kind, Kind::kMerged);
  f.github.RemovePull(number);
  EXPECT_EQ(read()->kind, Kind::kGone);
}

TEST(GithubForge, MapsErrorsByOneTable) {
  const auto answer = [](int status, Headers headers = {}, std::string body = R"({"message":"words"})") {
    HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
  };
  struct Case {
    const char* name;
    HttpResponse answer;
    StatusCode code;
    std::optional<absl::Duration> wait;
  };
  const std::string reset = Cat(1'700'000'000 + 90);
  const Case cases[] = {
      {"bad token", answer(401), StatusCode::kUnauthenticated, {}},
      {"forbidden", answer(403), StatusCode::kPermissionDenied, {}},
      {"missing", answer(404), StatusCode::kNotFound, {}},
      {"gone", answer(410), StatusCode::kNotFound, {}},
      {"renamed", answer(301, {{"Location", "https://api.github.com/repositories/1"}}), StatusCode::kNotFound, {}},
      {"conflict", answer(409), StatusCode::kAborted, {}},
      {"invalid", answer(422), StatusCode::kInvalidArgument, {}},
      {"server error", answer(500), StatusCode::kUnavailable, {}},
      {"bad gateway with a page", answer(502, {}, "<html>"), StatusCode::kUnavailable, {}},
      {"success with a page", answer(200, {}, "<html>"), StatusCode::kUnavailable, {}},
      {"secondary limit", answer(403, {{"Retry-After", "17"}}), StatusCode::kResourceExhausted, absl::Seconds(17)},
      {"primary limit", answer(403, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", reset}}),
       StatusCode::kResourceExhausted, absl::Seconds(90)},
      {"limit without a header", answer(403, {}, R"({"message":"You have exceeded a secondary rate limit"})"),
       StatusCode::kResourceExhausted, absl::Seconds(60)},
      {"429", answer(429), StatusCode::kResourceExhausted, absl::Seconds(60)},
      {"429 with a long wait", answer(429, {{"Retry-After", "999999999"}}), StatusCode::kResourceExhausted, absl::Hours(2)},
      {"429 with a wait in the past", answer(429, {{"Retry-After", "-5"}}), StatusCode::kResourceExhausted, absl::Seconds(1)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture f;
    f.github.Fail(c.answer);
    const Status status = f.ReadRun().status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_EQ(RetryAfter(status), c.wait);
    EXPECT_NE(Message(status).find("run 1 of acme/widget"), std::string::npos) << status;
  }
}

TEST(GithubForge, NeverRepeatsTheTokenInAnError) {
  Fixture f("wrong-token-value");
  f.github.AddRun(FailedRun());
  const Status status = f.ReadRun().status();
  EXPECT_EQ(status.code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(Message(status).find("wrong-token-value"), std::string::npos);
}

TEST(GithubForge, StopsBeforeACall) {
  Fixture f;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(f.forge->ReadRun(Fixture::Hint(), stop.get_token()).status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(f.github.requests().empty());
}

TEST(GithubForge, RefusesAnIdThatIsNoNumber) {
  Fixture f;
  RunHint hint = Fixture::Hint();
  hint.key.run_id = "../../x";
  EXPECT_EQ(f.forge->ReadRun(hint, {}).status().code(), StatusCode::kInvalidArgument);
}

TEST(GithubForge, NamesEveryMistakeOfItsOptions) {
  ForgeOptions options;
  options.kind = "github";
  options.api = "http://github.example/api";
  options.git = "ssh://git@github.example";
  const Status status = CreateForge(options, {}).status();
  ASSERT_EQ(status.code(), StatusCode::kInvalidArgument);
  for (const char* part : {"api must begin with https://", "git: ", "token is needed", "repos names no"}) {
    EXPECT_NE(Message(status).find(part), std::string::npos) << part << " is not in\n" << Message(status);
  }
}

}  // namespace
}  // namespace regreen
