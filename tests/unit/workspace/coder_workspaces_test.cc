#include <thread>

#include "tests/unit/workspace/coder_fixture.h"

namespace regreen {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr char kCreate[] = "POST /api/v2/users/me/workspaces";
constexpr char kFind[] = "GET /api/v2/users/me/workspace/rg-1";
constexpr char kRead[] = "GET /api/v2/workspaces/w1";
constexpr char kBuilds[] = "POST /api/v2/workspaces/w1/builds";
constexpr char kCancel[] = "PATCH /api/v2/workspacebuilds/b1/cancel";
constexpr char kBuildLog[] = "GET /api/v2/workspacebuilds/b1/logs";
constexpr char kAgentLog[] = "GET /api/v2/workspaceagents/a1/logs";
constexpr char kGone[] = R"({"message":"Workspace was deleted."})";

struct CoderCreate : testing::Test {
  StatusOr<CoderWorkspace> Create() {
    return f.workspaces.Create({"t1", "v1", preset}, "rg-1", {{"cpu", "2"}, {"image", "a\"b"}},
                               absl::Hours(1), {});
  }
  CoderFixture f;
  std::string preset;
  const std::string pending = WorkspaceJson("start", "pending");
};

TEST_F(CoderCreate, AsksForTheVersionWithItsParametersAndLife) {
  f.server.Expect(kCreate, 201, pending);
  const auto made = Create();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->id, "w1");
  EXPECT_EQ(made->build.transition, "start");
  EXPECT_EQ(f.server.requests().front().body,
            R"({"name":"rg-1","template_version_id":"v1","rich_parameter_values":[)"
            R"({"name":"cpu","value":"2"},{"name":"image","value":"a\"b"}],"ttl_ms":3600000})");
}

TEST_F(CoderCreate, NamesThePreset) {
  preset = "p1";
  f.server.Expect(kCreate, 201, pending);
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(f.server.requests().front().body, HasSubstr(R"("template_version_preset_id":"p1")"));
}

TEST_F(CoderCreate, FindsWhatWasMadeWhenTheAnswerIsLost) {
  f.server.Expect(kCreate, 504, "");
  f.server.Expect(kFind, 200, pending);
  const auto made = Create();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->id, "w1");
  EXPECT_EQ(f.server.Count(kCreate), 1);
}

TEST_F(CoderCreate, FindsWhatWasMadeWhenTheAnswerMakesNoSense) {
  f.server.Expect(kCreate, 201, "<html>");
  f.server.Expect(kFind, 200, pending);
  EXPECT_TRUE(Create().ok());
  f.server.Expect(kCreate, 201, R"({"id":"w1"})");
  EXPECT_TRUE(Create().ok());
}

TEST_F(CoderCreate, AsksOnceMoreWhenNothingWasMade) {
  f.server.Expect(kCreate, 502, "");
  f.server.Expect(kCreate, 201, pending);
  f.server.Expect(kFind, 404, "{}");
  EXPECT_TRUE(Create().ok());
  EXPECT_EQ(f.server.Count(kCreate), 2);
}

TEST_F(CoderCreate, KnowsItsOwnWhenTheFirstAnswerCameLate) {
  f.server.Expect(kCreate, 502, "");
  f.server.Expect(kCreate, 409, R"({"message":"Workspace \"rg-1\" already exists."})");
  f.server.Expect(kFind, 404, "{}");
  f.server.Expect(kFind, 200, pending);
  EXPECT_TRUE(Create().ok());
}

TEST_F(CoderCreate, TakesNoWorkspaceThatSomebodyElseMade) {
  f.server.Expect(kCreate, 409, R"({"message":"Workspace \"rg-1\" already exists."})");
  EXPECT_EQ(Create().status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(f.server.Count(kFind), 0);
}

TEST_F(CoderCreate, EndsWithTheErrorWhenItStays) {
  f.server.Expect(kCreate, 502, "");
  f.server.Expect(kFind, 404, "{}");
  EXPECT_EQ(Create().status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(f.server.Count(kCreate), 2);
  f.server.Expect(kFind, 503, "");
  EXPECT_EQ(Create().status().code(), StatusCode::kUnavailable);
}

TEST_F(CoderCreate, DoesNotRepeatWhatCoderRefuses) {
  f.server.Expect(kCreate, 400, R"({"message":"Unable to validate parameters"})");
  EXPECT_EQ(Create().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(f.server.Count(kCreate), 1);
}

struct CoderReady : testing::Test {
  StatusOr<std::string> Await(std::stop_token stop = {}) {
    return f.workspaces.AwaitReady(Made(), agent, std::move(stop));
  }
  // What one state that stays comes to.
  std::string ErrorOf(const std::string& state, StatusCode want) {
    f.server.Expect(kRead, 200, state);
    const Status status = Await().status();
    EXPECT_EQ(status.code(), want) << status;
    return Message(status);
  }
  CoderFixture f;
  std::string agent;
};

TEST_F(CoderReady, WaitsForTheBuildTheConnectionAndTheStart) {
  for (const std::string& state :
       {WorkspaceJson("start", "pending"), WorkspaceJson("start", "running"),
        WorkspaceJson("start", "succeeded", Agent("connecting", "created")),
        WorkspaceJson("start", "succeeded", Agent("connected", "starting"))}) {
    f.server.Expect(kRead, 200, state);
  }
  f.server.Expect(kRead, 500, "");
  f.server.Expect(kRead, 200, WorkspaceJson("start", "succeeded", kAgentReady));
  const auto ready = Await();
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_EQ(*ready, "main");
  EXPECT_EQ(f.server.Count(kRead), 6);
}

TEST_F(CoderReady, TellsCodersWordsOfABuildThatFailedAndTheEndOfItsLog) {
  std::string log = R"([{"output":""})";
  for (int i = 0; i < 100; ++i) Append(log, R"(,{"output":"line )", i, "\"}");
  f.server.Expect(kBuildLog, 200, log + "]");
  const std::string words =
      ErrorOf(WorkspaceJson("start", "failed", "", R"(,"error":"terraform apply: exit status 1")",
                            "failed"),
              StatusCode::kUnavailable);
  EXPECT_THAT(words, AllOf(HasSubstr("rg-1"), HasSubstr("terraform apply: exit status 1"),
                           EndsWith("line 98 | line 99"), Not(HasSubstr("line 84 |"))));
}

TEST_F(CoderReady, AsksForAPersonWhereTimeCuresNothing) {
  f.server.Expect(kBuildLog, 200, "[]");
  EXPECT_THAT(ErrorOf(WorkspaceJson("start", "failed", "",
                                    R"(,"error":"no","error_code":"REQUIRED_TEMPLATE_VARIABLES")"),
                      StatusCode::kInvalidArgument),
              HasSubstr("its log is empty"));
}

TEST_F(CoderReady, TellsWhatIsWrongWithTheAgent) {
  struct Case {
    const char* name;
    std::string agent;
    const char* words;
  };
  f.server.Expect(kAgentLog, 200, R"([{"output":"git: not found\u001b[0m"}])");
  const Case cases[] = {
      {"an error", Agent("connected", "start_error", R"(,"health":{"reason":"script failed"})"),
       "ended its start with an error (script failed)"},
      {"too slow", Agent("connected", "start_timeout"), "did not end its start in time"},
      {"lost", Agent("disconnected", "ready"), "lost its connection"},
      {"never there", Agent("timeout", "created"), "did not connect in time"},
      {"going", Agent("connected", "shutting_down"), "is shutting down"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    CoderFixture fresh;
    fresh.server.Expect(kAgentLog, 200, R"([{"output":"git: not found\u001b[0m"}])");
    fresh.server.Expect(kRead, 200, WorkspaceJson("start", "succeeded", c.agent));
    const Status status = fresh.workspaces.AwaitReady(Made(), "", {}).status();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status;
    EXPECT_THAT(Message(status), AllOf(HasSubstr(c.words), HasSubstr(R"(git: not found\x1b[0m)")));
  }
}

TEST_F(CoderReady, TellsOneAgentOfSeveral) {
  const std::string two = Cat(kAgentReady, R"(,{"id":"a2","name":"gpu","status":"connected",
                              "lifecycle_state":"ready"})");
  f.server.Expect(kBuildLog, 200, "[]");
  EXPECT_THAT(ErrorOf(WorkspaceJson("start", "succeeded", two), StatusCode::kInvalidArgument),
              HasSubstr("main, gpu"));
  agent = "gpu";
  EXPECT_EQ(*Await(), "gpu");
  agent = "gpv";
  EXPECT_THAT(Message(Await().status()), HasSubstr("did you mean \"gpu\"?"));
}

TEST_F(CoderReady, LeavesOutAgentsThatAnAgentStarted) {
  f.server.Expect(kRead, 200, WorkspaceJson("start", "succeeded", Cat(kAgentReady, R"(,
      {"id":"a2","name":"inner","status":"connecting","parent_id":"a1"},
      {"id":"a3","name":"other","status":"connecting","parent_id":{"uuid":"a1","valid":true}})")));
  EXPECT_EQ(*Await(), "main");
}

TEST_F(CoderReady, NeedsAnAgent) {
  f.server.Expect(kBuildLog, 500, "");
  EXPECT_THAT(ErrorOf(WorkspaceJson("start", "succeeded"), StatusCode::kInvalidArgument),
              AllOf(HasSubstr("coder_agent"), HasSubstr("its log cannot be read")));
}

TEST_F(CoderReady, IsARetryWhenTheWorkspaceVanishes) {
  f.server.Expect(kRead, 200, WorkspaceJson("start", "running"));
  f.server.Expect(kRead, 410, kGone);
  EXPECT_TRUE(IsRetryable(Await().status()));
  f.server.Expect(kBuildLog, 200, "[]");
  EXPECT_THAT(ErrorOf(WorkspaceJson("stop", "running"), StatusCode::kUnavailable),
              Not(HasSubstr("coder_agent")));
}

TEST_F(CoderReady, EndsAtItsDeadlineWithWhatItWaitsFor) {
  f.server.Expect(kRead, 200, WorkspaceJson("start", "pending"));
  const CoderWorkspaces hasty(f.api, {absl::Milliseconds(1), absl::Milliseconds(5), {}});
  const Status status = hasty.AwaitReady(Made(), "", {}).status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Message(status), HasSubstr("for a provisioner to take its build"));
}

TEST_F(CoderReady, EndsWhenAskedTo) {
  f.server.Expect(kRead, 200, WorkspaceJson("start", "pending"));
  std::stop_source stop;
  std::jthread asker([&] {
    while (f.server.Count(kRead) < 3) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(Await(stop.get_token()).status().code(), StatusCode::kCancelled);
}

TEST_F(CoderReady, EndsAtOnceWhenTheTokenIsRevoked) {
  f.server.Expect(kRead, 401, "{}");
  EXPECT_EQ(Await().status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(f.server.Count(kRead), 1);
}

struct CoderDelete : testing::Test {
  StatusOr<bool> Delete() { return f.workspaces.Delete("rg-1", {}); }
  CoderFixture f;
};

TEST_F(CoderDelete, IsABuildThatIsWaitedFor) {
  f.server.Expect(kFind, 200, WorkspaceJson("start", "succeeded", kAgentReady));
  f.server.Expect(kFind, 200, WorkspaceJson("delete", "running"));
  f.server.Expect(kFind, 404, kGone);
  f.server.Expect(kBuilds, 201, "{}");
  EXPECT_TRUE(*Delete());
  EXPECT_EQ(f.server.requests()[1].body, R"({"transition":"delete"})");
}

TEST_F(CoderDelete, IsDoneWhenItIsGone) {
  f.server.Expect(kFind, 404, "{}");
  EXPECT_TRUE(*Delete());
  CoderFixture other;
  other.server.Expect(kFind, 200, WorkspaceJson("delete", "succeeded", "", "", "deleted"));
  EXPECT_TRUE(*other.workspaces.Delete("rg-1", {}));
}

TEST_F(CoderDelete, CancelsWhatIsBeingBuiltFirst) {
  f.server.Expect(kFind, 200, WorkspaceJson("start", "running"));
  f.server.Expect(kFind, 200, WorkspaceJson("start", "canceling"));
  f.server.Expect(kFind, 200, WorkspaceJson("start", "canceled"));
  f.server.Expect(kFind, 404, "{}");
  f.server.Expect(kCancel, 200, R"({"message":"Job has been marked as canceled..."})");
  f.server.Expect(kBuilds, 201, "{}");
  EXPECT_TRUE(*Delete());
  EXPECT_EQ(f.server.Count(kCancel), 1);
  EXPECT_EQ(f.server.Count(kBuilds), 1);
}

TEST_F(CoderDelete, WaitsForABuildThatMayNotBeCancelled) {
  f.server.Expect(kFind, 200, WorkspaceJson("start", "running"));
  f.server.Expect(kFind, 200, WorkspaceJson("start", "running"));
  f.server.Expect(kFind, 200, WorkspaceJson("start", "succeeded"));
  f.server.Expect(kFind, 404, "{}");
  f.server.Expect(kCancel, 403, R"({"message":"User is not allowed to cancel workspace builds."})");
  f.server.Expect(kBuilds, 201, "{}");
  EXPECT_TRUE(*Delete());
  EXPECT_EQ(f.server.Count(kCancel), 1);
}

TEST_F(CoderDelete, GoesOnThroughTroubleOfTheServer) {
  f.server.Expect(kFind, 503, "");
  f.server.Expect(kFind, 200, WorkspaceJson("start", "succeeded"));
  f.server.Expect(kFind, 200, WorkspaceJson("start", "succeeded"));
  f.server.Expect(kFind, 404, "{}");
  f.server.Expect(kBuilds, 409, R"({"message":"A workspace build is already active."})");
  f.server.Expect(kBuilds, 201, "{}");
  EXPECT_TRUE(*Delete());
}

TEST_F(CoderDelete, TriesAFailedDeletionTwiceAndThenSaysWhy) {
  f.server.Expect(kFind, 200,
                  WorkspaceJson("delete", "failed", "", R"(,"error":"no such volume")"));
  f.server.Expect(kBuilds, 201, "{}");
  f.server.Expect(kBuildLog, 200, R"([{"output":"Error: in use"}])");
  const Status status = Delete().status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(Message(status), AllOf(HasSubstr("no such volume"), HasSubstr("Error: in use")));
  EXPECT_EQ(f.server.Count(kBuilds), 2);
}

TEST_F(CoderDelete, SaysThatItMayNot) {
  f.server.Expect(kFind, 200, WorkspaceJson("start", "succeeded"));
  f.server.Expect(kBuilds, 403, R"({"message":"Forbidden."})");
  EXPECT_EQ(Delete().status().code(), StatusCode::kPermissionDenied);
}

TEST_F(CoderDelete, LeavesItToCoderWhenItTakesLong) {
  f.server.Expect(kFind, 200, WorkspaceJson("start", "succeeded"));
  f.server.Expect(kFind, 200, WorkspaceJson("delete", "running"));
  f.server.Expect(kBuilds, 201, "{}");
  const absl::Duration none = absl::ZeroDuration();
  const CoderWorkspaces glance(f.api, {absl::Milliseconds(1), none, none, none});
  EXPECT_FALSE(*glance.Delete("rg-1", {})) << "asked for";
  EXPECT_FALSE(*glance.Delete("rg-1", {})) << "under way";
  const CoderWorkspaces hasty(f.api, {absl::Milliseconds(1), none, absl::Seconds(20), none});
  EXPECT_FALSE(*hasty.Delete("rg-1", {}));
  EXPECT_EQ(f.server.Count(kBuilds), 1);
}

TEST_F(CoderDelete, SaysSoWhenItCannotBeginInTime) {
  f.server.Expect(kFind, 503, "");
  const CoderWorkspaces hasty(f.api, {absl::Milliseconds(1), {}, absl::Milliseconds(5), {}});
  EXPECT_EQ(hasty.Delete("rg-1", {}).status().code(), StatusCode::kDeadlineExceeded);
}

TEST(CoderList, ReadsEveryPageAndKeepsWhatBeginsWithThePrefix) {
  CoderFixture f;
  const auto page = [](int from, int to) {
    std::string text = R"({"count":150,"workspaces":[)";
    for (int i = from; i < to; ++i) {
      Append(text, i == from ? "" : ",", R"({"id":"w)", i, R"(","name":")",
             i % 2 == 0 ? "rg-a-" : "not-rg-a-", i, R"(","latest_build":{"id":"b"}})");
    }
    return text + "]}";
  };
  f.server.Expect("GET /api/v2/workspaces?q=owner:me name:rg-a-&limit=100&offset=0", 200,
                  page(0, 100));
  f.server.Expect("GET /api/v2/workspaces?q=owner:me name:rg-a-&limit=100&offset=100", 200,
                  page(98, 150));  // one was deleted meanwhile: the pages moved
  const auto list = f.workspaces.List("rg-a-", {});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->size(), 75u);
  EXPECT_EQ(list->front().name, "rg-a-0");
  EXPECT_EQ(list->back().name, "rg-a-148");
}

}  // namespace
}  // namespace regreen
