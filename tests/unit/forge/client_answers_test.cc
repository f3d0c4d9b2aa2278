// What each answer of a forge comes to, for every kind of call and for GitHub and GitLab alike.
#include "tests/unit/forge/client_fixture.h"

namespace regreen {
namespace {

using Fixture = ClientFixture;
using ::testing::SizeIs;

const std::string kA(40, 'a');

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
    {"opening a change",
     [](Forge& forge) { return forge.EnsureChange(SampleRequest(), {}).status(); }},
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

}  // namespace
}  // namespace regreen
