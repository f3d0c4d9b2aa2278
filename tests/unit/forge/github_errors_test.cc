#include "adapters/forge/github_api.h"
#include "tests/unit/forge/github_fixture.h"

namespace regreen {
namespace {

using Fixture = GithubFixture;

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
  for (const char* location :
       {"http://198.51.100.1/log", "ftp://127.0.0.1/log", "", "//evil/log"}) {
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
      job.completed_at =
          absl::FormatTime(absl::RFC3339_sec, f.clock.Now() - c.since_end, absl::UTCTimeZone());
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

TEST(GithubForge, MapsErrorsByOneTable) {
  const auto answer = [](int status, Headers headers = {},
                         std::string body = R"({"message":"words"})") {
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
    double jitter = 0;  // up to so much of it more
  };
  const std::string reset = Cat(1'700'000'000 + 90);
  const Case cases[] = {
      {"bad token", answer(401), StatusCode::kUnauthenticated, {}},
      {"forbidden", answer(403), StatusCode::kPermissionDenied, {}},
      {"missing", answer(404), StatusCode::kNotFound, {}},
      {"gone", answer(410), StatusCode::kNotFound, {}},
      {"renamed",
       answer(301, {{"Location", "https://api.github.com/repositories/1"}}),
       StatusCode::kNotFound,
       {}},
      {"conflict", answer(409), StatusCode::kAborted, {}},
      {"invalid", answer(422), StatusCode::kInvalidArgument, {}},
      {"server error", answer(500), StatusCode::kUnavailable, {}},
      {"bad gateway with a page", answer(502, {}, "<html>"), StatusCode::kUnavailable, {}},
      {"success with a page", answer(200, {}, "<html>"), StatusCode::kUnavailable, {}},
      {"secondary limit", answer(403, {{"Retry-After", "17"}}), StatusCode::kResourceExhausted,
       absl::Seconds(17)},
      {"primary limit", answer(403, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", reset}}),
       StatusCode::kResourceExhausted, absl::Seconds(90)},
      {"limit without a header",
       answer(403, {}, R"({"message":"You have exceeded a secondary rate limit"})"),
       StatusCode::kResourceExhausted, absl::Seconds(60), 0.25},
      {"429", answer(429), StatusCode::kResourceExhausted, absl::Seconds(60), 0.25},
      {"429 with a long wait", answer(429, {{"Retry-After", "999999999"}}),
       StatusCode::kResourceExhausted, absl::Hours(2)},
      {"429 with a wait in the past", answer(429, {{"Retry-After", "-5"}}),
       StatusCode::kResourceExhausted, absl::Seconds(1)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture f;
    f.github.Fail(c.answer);
    const Status status = f.ReadRun().status();
    EXPECT_EQ(status.code(), c.code) << status;
    ASSERT_EQ(RetryAfter(status).has_value(), c.wait.has_value());
    if (c.wait) {
      EXPECT_GE(*RetryAfter(status), *c.wait);
      EXPECT_LE(*RetryAfter(status), *c.wait * (1 + c.jitter));
    }
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
  EXPECT_EQ(f.forge->ReadRun(Fixture::Hint(), stop.get_token()).status().code(),
            StatusCode::kCancelled);
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
  for (const char* part :
       {"api must begin with https://", "git: ", "exactly one of token", "repos names no"}) {
    EXPECT_NE(Message(status).find(part), std::string::npos) << part << " is not in\n"
                                                             << Message(status);
  }
}

TEST(GithubForge, AnEnterpriseServersApiIsBelowItsVersion) {
  const auto problems = [](const std::string& api) {
    ManualClock clock;
    ForgeOptions options;
    options.kind = "github";
    options.api = api;
    options.token = Secret("t");
    options.repos = {"acme/*"};
    return Message(CreateForge(options, {nullptr, nullptr, &clock}).status());
  };
  for (const char* good :
       {"", "https://api.github.com", "https://ghe.example/api/v3", "https://ghe.example/api/v3/",
        "https://api.acme.ghe.com", "http://127.0.0.1:4000"})
    EXPECT_EQ(problems(good), "") << good;
  for (const char* bad : {"https://ghe.example", "https://ghe.example/api", "https://github.com"})
    EXPECT_NE(problems(bad).find("must end with /api/v3"), std::string::npos) << bad;
  EXPECT_EQ(GraphQlOf("https://ghe.example/api/v3"), "https://ghe.example/api/graphql");
  EXPECT_EQ(GraphQlOf("https://api.github.com"), "https://api.github.com/graphql");
}

}  // namespace
}  // namespace regreen
