// What each answer of a forge comes to, for every kind of call and for GitHub and GitLab alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/forge/registry.h"
#include "daemon/base/text.h"
#include "daemon/ports/forge_actions.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_gitlab.h"

namespace regreen {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kA(40, 'a'), kB(40, 'b');

// Between a forge and its server: answers in its place, or loses what it answered.
struct Between final : public HttpClient {
  StatusOr<HttpAnswer> Call(const HttpCall& call) override {
    calls.push_back(Cat(call.method, " ", call.url));
    if (answer) return *answer;
    HttpCall shorter = call;
    if (timeout) shorter.timeout = *timeout;
    auto real = wire->Call(shorter);
    if (lose.empty() || calls.back().find(lose) == std::string::npos) return real;
    if (calls.back().starts_with("GET ")) return real;
    ++lost;
    lose.clear();
    return lost_as;
  }
  int Count(std::string_view method, std::string_view part) const {
    return static_cast<int>(std::count_if(calls.begin(), calls.end(), [&](const std::string& one) {
      return one.starts_with(method) && one.find(part) != std::string::npos;
    }));
  }
  std::unique_ptr<HttpClient> wire = NewHttpClient();
  std::optional<StatusOr<HttpAnswer>> answer;
  std::optional<absl::Duration> timeout;
  std::string lose;  // a part of the address of a write that is done, once
  StatusOr<HttpAnswer> lost_as = Unavailable("the connection was closed");
  int lost = 0;
  std::vector<std::string> calls;
};

struct Platform {
  const char* kind;
  const char* token;
};
const Platform kPlatforms[] = {{"github", FakeGithub::kToken}, {"gitlab", FakeGitlab::kToken}};

struct Fixture {
  Fixture(const Platform& platform, const std::string& api) {
    ForgeOptions options;
    options.name = "forge";
    options.kind = platform.kind;
    options.api = api;
    options.git = "https://git.example";
    options.token = Secret(platform.token);
    options.repos = {"acme/*"};
    auto made = CreateForge(options, {&between, nullptr, &clock});
    EXPECT_TRUE(made.ok()) << made.status();
    forge = *std::move(made);
  }
  ManualClock clock;
  Between between;
  std::unique_ptr<Forge> forge;
};

ChangeRequest Request() {
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/x-1";
  request.target = "main";
  request.title = "Repair it";
  request.body = "Because.";
  request.labels = {"regreen"};
  return request;
}

Report OnPullRequest(int number) {
  Report report;
  report.repo = "acme/widget";
  report.pull_request = number;
  report.body = "It is red.";
  report.marker = "abc-1";
  return report;
}

struct Operation {
  const char* name;
  Status (*run)(Forge&);
};
const Operation kOperations[] = {
    {"reading a run",
     [](Forge& forge) {
       RunHint hint;
       hint.key = {"forge", "acme/widget", "1", 1};
       return forge.ReadRun(hint, {}).status();
     }},
    {"opening a change", [](Forge& forge) { return forge.EnsureChange(Request(), {}).status(); }},
    {"running again",
     [](Forge& forge) {
       return forge.actions()->Rerun({"forge", "acme/widget", "1", 1}, {});
     }},
    {"telling", [](Forge& forge) { return forge.actions()->Tell(OnPullRequest(7), {}).status(); }},
    {"merging",
     [](Forge& forge) {
       return forge.actions()->MergeWhenGreen({"forge", "acme/widget", 7}, kA, {});
     }},
    {"labels", [](Forge& forge) { return forge.actions()->Labels("acme/widget", 7, {}).status(); }},
    {"reading a change",
     [](Forge& forge) {
       const auto state = forge.ReadChange({"forge", "acme/widget", 7}, {}, {});
       if (state.ok() && state->kind == ChangeState::Kind::kGone) return NotFound("gone");
       return state.status();
     }},
};

struct AnswerCase {
  const char* name;
  HttpAnswer answer;
  StatusCode github, gitlab;
  bool says_when = false;
};

std::vector<AnswerCase> Answers() {
  using C = StatusCode;
  const auto a = [](int status, std::string body = R"({"message":"words"})", Headers h = {}) {
    return HttpAnswer{status, std::move(h), std::move(body), false};
  };
  return {
      {"401", a(401), C::kUnauthenticated, C::kUnauthenticated},
      {"403", a(403), C::kPermissionDenied, C::kPermissionDenied},
      {"403 with retry-after", a(403, "{}", {{"retry-after", "9"}}), C::kResourceExhausted,
       C::kPermissionDenied, true},
      {"404", a(404), C::kNotFound, C::kNotFound},
      {"410", a(410, "Server Error"), C::kNotFound, C::kNotFound},
      {"409", a(409), C::kAborted, C::kAborted},
      {"422", a(422), C::kInvalidArgument, C::kInvalidArgument},
      {"429 with plain text", a(429, "Retry later\n"), C::kResourceExhausted, C::kResourceExhausted,
       true},
      {"429 with a date", a(429, "", {{"retry-after", "Tue, 14 Nov 2023 22:14:20 GMT"}}),
       C::kResourceExhausted, C::kResourceExhausted, true},
      {"500", a(500), C::kUnavailable, C::kUnavailable},
      {"502 of a proxy", a(502, "<html>Bad gateway</html>"), C::kUnavailable, C::kUnavailable},
      {"503", a(503, ""), C::kUnavailable, C::kUnavailable},
      {"200 of a proxy", a(200, "<html>Sign in</html>"), C::kUnavailable, C::kUnavailable},
      {"half of an answer", a(200, R"({"id":1,"head_sha":"aaa)"), C::kUnavailable, C::kUnavailable},
      {"nothing", a(200, ""), C::kUnavailable, C::kUnavailable},
      {"an error inside", a(200, R"({"message":"500 Internal Server Error"})"), C::kUnavailable,
       C::kUnavailable},
      {"errors inside", a(200, R"({"error":"x","errors":[{"message":"y"}]})"), C::kUnavailable,
       C::kUnavailable},
      {"sent elsewhere", a(302, "", {{"location", "https://evil.example/"}}), C::kNotFound,
       C::kNotFound},
  };
}

TEST(ForgeAnswers, EachHasOneOutcomeForEveryCall) {
  for (const Platform& platform : kPlatforms) {
    for (const AnswerCase& c : Answers()) {
      for (const Operation& operation : kOperations) {
        SCOPED_TRACE(Cat(platform.kind, ", ", c.name, ", ", operation.name));
        const bool github = std::string_view(platform.kind) == "github";
        Fixture f(platform, github ? "https://api.example" : "https://gitlab.example/api/v4");
        f.between.answer = c.answer;
        const Status status = operation.run(*f.forge);
        EXPECT_EQ(status.code(), github ? c.github : c.gitlab) << status;
        const bool limited = status.code() == StatusCode::kResourceExhausted;
        EXPECT_EQ(RetryAfter(status).has_value(), limited && c.says_when);
        EXPECT_EQ(Message(status).find(platform.token), std::string::npos);
        EXPECT_EQ(f.between.Count("", "evil"), 0);
        for (const char* write : {"POST", "PUT", "PATCH"})
          EXPECT_EQ(f.between.Count(write, ""), 0) << "nothing is written on such an answer";
      }
    }
  }
}

TEST(ForgeAnswers, NothingIsAskedWhileALimitHolds) {
  for (const Platform& platform : kPlatforms) {
    SCOPED_TRACE(platform.kind);
    const bool github = std::string_view(platform.kind) == "github";
    Fixture f(platform, github ? "https://api.example" : "https://gitlab.example/api/v4");
    f.between.answer = HttpAnswer{429, {{"retry-after", "120"}}, "Retry later", false};
    kOperations[0].run(*f.forge).IgnoreError();
    const std::size_t asked = f.between.calls.size();
    for (const Operation& operation : kOperations) {
      const Status status = operation.run(*f.forge);
      EXPECT_GE(RetryAfter(status).value_or(absl::ZeroDuration()), absl::Seconds(120))
          << operation.name << ": " << status;
    }
    EXPECT_THAT(f.between.calls, SizeIs(asked));
    f.clock.Advance(absl::Seconds(120));
    f.between.answer = HttpAnswer{404, {}, "{}", false};
    EXPECT_EQ(kOperations[0].run(*f.forge).code(), StatusCode::kNotFound) << "then it goes on";
  }
}

TEST(ForgeAnswers, OneThatNeverEndsIsEnded) {
  struct Case {
    const char* name;
    void (*body)(HttpStream&);
    StatusCode code;
  };
  const Case cases[] = {
      {"drop by drop",
       [](HttpStream& out) {
         while (out.Write(" ") && out.Wait(absl::Milliseconds(5))) {
         }
       },
       StatusCode::kDeadlineExceeded},
      {"a flood",
       [](HttpStream& out) {
         const std::string piece(1 << 20, ' ');
         while (out.Write(piece)) {
         }
       },
       StatusCode::kResourceExhausted},
  };
  for (const Platform& platform : kPlatforms) {
    for (const Case& c : cases) {
      SCOPED_TRACE(Cat(platform.kind, ", ", c.name));
      auto server = HttpServer::Start({}, [&](HttpRequest&) {
        HttpResponse response;
        response.stream = c.body;
        return response;
      });
      ASSERT_TRUE(server.ok()) << server.status();
      Fixture f(platform, Cat("http://127.0.0.1:", (*server)->port(), "/api/v4"));
      if (c.code == StatusCode::kDeadlineExceeded) f.between.timeout = absl::Milliseconds(100);
      const Status status = kOperations[0].run(*f.forge);
      EXPECT_EQ(status.code(), c.code) << status;
      EXPECT_TRUE(IsRetryable(status));
    }
  }
}

// How an answer is lost after GitHub or GitLab did what was asked.
const StatusOr<HttpAnswer> kLosses[] = {
    Unavailable("the connection was closed"), DeadlineExceeded("it did not answer in time"),
    HttpAnswer{502, {}, "<html>", false}, HttpAnswer{201, {}, R"({"number":)", false}};

TEST(LostAnswers, AChangeThatWasOpenedIsFoundAndNotOpenedAgain) {
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      github.SetBranch("acme/widget", "main", kA);
      github.SetBranch("acme/widget", "regreen/x-1", kB);
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/pulls";
      f.between.lost_as = loss;
      const auto change = f.forge->EnsureChange(Request(), {});
      ASSERT_TRUE(change.ok()) << change.status();
      EXPECT_EQ(change->number, 1);
      EXPECT_EQ(f.between.lost, 1);
      EXPECT_EQ(f.between.Count("POST", "/pulls"), 1);
      ASSERT_TRUE(f.forge->EnsureChange(Request(), {}).ok());
      ASSERT_THAT(github.pulls(), SizeIs(1));
      EXPECT_EQ(github.pulls()[0].labels, std::vector<std::string>{"regreen"});
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    gitlab.SetBranch("acme/widget", "main", kA);
    gitlab.SetBranch("acme/widget", "regreen/x-1", kB);
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/merge_requests";
    f.between.lost_as = loss;
    const auto change = f.forge->EnsureChange(Request(), {});
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_EQ(f.between.lost, 1);
    EXPECT_EQ(f.between.Count("POST", "/merge_requests"), 1);
    EXPECT_THAT(gitlab.merge_requests(), SizeIs(1));
  }
}

TEST(LostAnswers, AChangeThatWasNotOpenedIsOpenedByTheNextTry) {
  FakeGithub github;
  github.SetBranch("acme/widget", "main", kA);
  github.SetBranch("acme/widget", "regreen/x-1", kB);
  Fixture f(kPlatforms[0], github.url());
  github.Fail(503, 1, "POST /repos/acme/widget/pulls");
  EXPECT_EQ(f.forge->EnsureChange(Request(), {}).status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(github.pulls(), IsEmpty());
  ASSERT_TRUE(f.forge->EnsureChange(Request(), {}).ok());
  EXPECT_THAT(github.pulls(), SizeIs(1));
}

TEST(LostAnswers, WhatIsAsItShouldBeIsNotWrittenAgain) {
  FakeGithub github;
  github.SetBranch("acme/widget", "main", kA);
  github.SetBranch("acme/widget", "regreen/x-1", kB);
  Fixture f(kPlatforms[0], github.url());
  ASSERT_TRUE(f.forge->EnsureChange(Request(), {}).ok());
  f.between.calls.clear();
  const auto again = f.forge->EnsureChange(Request(), {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->created);
  EXPECT_THAT(f.between.calls, SizeIs(1)) << "it was looked at, and that is all";
}

TEST(LostAnswers, LabelsThatALimitHeldBackAreAddedLater) {
  FakeGithub github;
  github.SetBranch("acme/widget", "main", kA);
  github.SetBranch("acme/widget", "regreen/x-1", kB);
  Fixture f(kPlatforms[0], github.url());
  HttpResponse limited;
  limited.status = 403;
  limited.headers = {{"Retry-After", "30"}};
  github.Fail(limited, 1, "/labels");
  const Status status = f.forge->EnsureChange(Request(), {}).status();
  EXPECT_EQ(RetryAfter(status), absl::Seconds(30)) << status;
  f.clock.Advance(absl::Seconds(30));
  ASSERT_TRUE(f.forge->EnsureChange(Request(), {}).ok());
  ASSERT_THAT(github.pulls(), SizeIs(1));
  EXPECT_EQ(github.pulls()[0].labels, std::vector<std::string>{"regreen"});
}

FakeRun RedRun() {
  FakeRun run;
  FakeJob job;
  job.id = 12;
  run.jobs = {job};
  return run;
}

FakePipeline RedPipeline() {
  FakePipeline pipeline;
  FakeGitlabJob job;
  job.id = 12;
  pipeline.jobs = {job};
  return pipeline;
}

TEST(LostAnswers, ARunIsRunAgainOnce) {
  const RunKey run{"forge", "acme/widget", "1", 1};
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      github.AddRun(RedRun());
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/rerun";
      f.between.lost_as = loss;
      EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
      EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
      EXPECT_EQ(f.between.Count("POST", "/rerun"), 1);
      EXPECT_EQ(github.attempts(1), 2);
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    gitlab.AddPipeline(RedPipeline());
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/retry";
    f.between.lost_as = loss;
    EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
    EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
    EXPECT_EQ(f.between.Count("POST", "/retry"), 1);
  }
}

TEST(LostAnswers, ACommentIsMadeOnce) {
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      FakePull pull;
      pull.head_branch = "x";
      pull.head_sha = kA;
      const int number = static_cast<int>(github.AddPull(pull));
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/comments";
      f.between.lost_as = loss;
      EXPECT_TRUE(IsRetryable(f.forge->actions()->Tell(OnPullRequest(number), {}).status()));
      EXPECT_TRUE(f.forge->actions()->Tell(OnPullRequest(number), {}).ok());
      EXPECT_THAT(github.comments(), SizeIs(1));
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    FakeMergeRequest request;
    request.source_branch = "x";
    request.sha = kA;
    const int number = static_cast<int>(gitlab.AddMergeRequest(request));
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/notes";
    f.between.lost_as = loss;
    EXPECT_TRUE(IsRetryable(f.forge->actions()->Tell(OnPullRequest(number), {}).status()));
    EXPECT_TRUE(f.forge->actions()->Tell(OnPullRequest(number), {}).ok());
    EXPECT_THAT(gitlab.notes(), SizeIs(1));
  }
}

TEST(LostAnswers, AChangeIsMergedOnce) {
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      FakePull pull;
      pull.head_branch = "x";
      pull.head_sha = kA;
      pull.checks = {"success"};
      const std::int64_t number = github.AddPull(pull);
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/merge";
      f.between.lost_as = loss;
      const ChangeKey key{"forge", "acme/widget", number};
      EXPECT_TRUE(IsRetryable(f.forge->actions()->MergeWhenGreen(key, kA, {})));
      EXPECT_TRUE(f.forge->actions()->MergeWhenGreen(key, kA, {}).ok());
      EXPECT_EQ(f.between.Count("PUT", "/merge"), 1);
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    FakeMergeRequest request;
    request.source_branch = "x";
    request.sha = kA;
    request.pipeline_status = "success";
    const ChangeKey key{"forge", "acme/widget", gitlab.AddMergeRequest(request)};
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/1/merge";
    f.between.lost_as = loss;
    EXPECT_TRUE(IsRetryable(f.forge->actions()->MergeWhenGreen(key, kA, {})));
    EXPECT_TRUE(f.forge->actions()->MergeWhenGreen(key, kA, {}).ok());
    EXPECT_EQ(f.between.Count("PUT", "/1/merge"), 1);
  }
}

}  // namespace
}  // namespace regreen
