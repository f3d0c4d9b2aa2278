// Tasks that people start go the way of all others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "daemon/service/api.h"
#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kOperator[] = "operator-token-0123456789", kViewer[] = "viewer-token-0123456789";

// The API of the world's daemon, asked as over HTTP.
class Desk {
 public:
  explicit Desk(World& world)
      : api_({world.policies.get(),
              &world.clock,
              &world.store(),
              &world.store(),
              &world.collector(),
              &world.workspaces(),
              {}},
             {{"alice", Secret(kOperator), ApiRole::kOperator},
              {"guest", Secret(kViewer), ApiRole::kViewer}}) {}
  HttpResponse Ask(const std::string& method, const std::string& path, const std::string& body = "",
                   const std::string& key = "", const char* token = kOperator) {
    HttpRequest request;
    request.method = method;
    const std::size_t question = path.find('?');
    request.path = "/api/v1/" + path.substr(0, question);
    if (question != std::string::npos) {
      const std::string query = path.substr(question + 1);
      for (const std::string_view part : Split(query, '&')) {
        const std::size_t equals = part.find('=');
        request.query.emplace_back(part.substr(0, equals), part.substr(equals + 1));
      }
    }
    request.body = body;
    request.headers = {{"authorization", std::string("Bearer ") + token},
                       {"content-type", "application/json"},
                       {"idempotency-key", key}};
    return api_.Handle(request);
  }
  static Json Body(const HttpResponse& response) {
    const auto json = Json::Parse(response.body);
    EXPECT_TRUE(json.ok()) << response.body;
    return json.value_or(Json());
  }

  HttpResponse Handle(const HttpRequest& request) { return api_.Handle(request); }

 private:
  Api api_;
};

constexpr char kByTemplate[] = R"({"repo":"acme/widget","ref":"main",
    "template":"regenerate-table","command":"sh check.sh"})";

TEST(ByHand, ATaskByTemplateIsReproducedProvenAndPublished) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  const HttpResponse made = desk.Ask("POST", "tasks", kByTemplate);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = Desk::Body(made)["id"].StringOr("");
  EXPECT_EQ(HeaderValue(made.headers, "location"), "/api/v1/tasks/" + id);
  world.WorkUntilIdle();
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.id, id);
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_EQ(world.github.pulls()[0].base, "main");
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("by hand by alice")));
  EXPECT_THAT(world.TimelineOf(id), Contains(HasSubstr("verified: green")));
}

TEST(ByHand, ASingleUseTaskNeedsNoTemplate) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  const HttpResponse made = desk.Ask("POST", "tasks", R"({"repo":"acme/widget","ref":"main",
      "command":"sh check.sh","run":"sh generate.sh > table.txt"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(Desk::Body(made)["template"].StringOr(""), "single-use");
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching) << world.OnlyTask().reason;
  EXPECT_THAT(world.RemoteBranches(), Contains(HasSubstr("regreen/single-use-")));
}

TEST(ByHand, TheCommandMayBeThatOfAJob) {
  World world;
  world.PushRedCommit();
  const HttpResponse made = Desk(world).Ask("POST", "tasks", R"({"repo":"acme/widget","ref":"main",
      "template":"regenerate-table","workflow":".github/workflows/ci.yml","job":"check",
      "step":"Run the check"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_THAT(world.OnlyTask().plan.verify_command, HasSubstr("sh check.sh"));
}

TEST(ByHand, ACommitIsWorkedOnWhereverItsBranchIsNow) {
  World world;
  const std::string old = world.PushRedCommit();
  world.clock.Advance(absl::Seconds(5));
  world.PushRedCommit();
  Desk desk(world);
  const std::string asked = Cat(R"({"repo":"acme/widget","ref":")", old,
                                R"(","template":"regenerate-table","command":"sh check.sh")");
  const HttpResponse nowhere = desk.Ask("POST", "tasks", asked + "}");
  EXPECT_EQ(nowhere.status, 422);
  EXPECT_THAT(nowhere.body, HasSubstr("target"));
  ASSERT_EQ(desk.Ask("POST", "tasks", asked + R"(,"target":"main"})").status, 201);
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching) << world.OnlyTask().reason;
  EXPECT_EQ(world.OnRemote({"rev-parse", world.github.pulls()[0].head_branch + "^"}), old);
}

TEST(ByHand, OneRequestWithAKeyMakesOneTask) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  const HttpResponse first = desk.Ask("POST", "tasks", kByTemplate, "k");
  const HttpResponse again = desk.Ask("POST", "tasks", kByTemplate, "k");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(Desk::Body(first)["id"].StringOr("a"), Desk::Body(again)["id"].StringOr("b"));
  std::string other = kByTemplate;
  other.replace(other.find("sh check.sh"), 11, "sh other.sh");
  EXPECT_EQ(desk.Ask("POST", "tasks", other, "k").status, 422);
  EXPECT_THAT(world.Tasks(), SizeIs(1));
}

TEST(ByHand, WhatCannotBeDoneIsSaidAndMakesNothing) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  struct Case {
    const char *body, *says;
  };
  for (const Case& c : {
           Case{R"({"repo":"acme/widget"})", "ref"},
           Case{R"({"repo":"acme/widget","ref":"gone","run":"a","command":"b"})", "gone"},
           Case{R"({"repo":"acme/widget","ref":"main","template":"regenerate-tabel"})",
                "did you mean"},
           Case{R"({"repo":"acme/widget","ref":"main","template":"regenerate-table"})", "command"},
           Case{R"({"repo":"acme/widget","ref":"main","template":"regenerate-table",
                    "command":"x","inputs":{"nothing":"1"}})",
                "nothing"},
           Case{R"({"repo":"acme/widget","ref":"main","run":"a"})", "nothing can be proven"},
           Case{R"({"repo":"acme/widget","ref":"--upload-pack=x","run":"a","command":"b"})",
                "cannot be the name"},
           Case{R"({"repo":"acme/widget","ref":"main","run":"a","command":"b","forge":"gihub"})",
                "github"},
       }) {
    const HttpResponse refused = desk.Ask("POST", "tasks", c.body);
    EXPECT_EQ(refused.status, 422) << c.body;
    EXPECT_THAT(refused.body, HasSubstr(c.says)) << c.body;
  }
  EXPECT_THAT(world.Tasks(), IsEmpty());
}

TEST(ByHand, AHeldTaskWaitsForAnApproval) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  std::string body = kByTemplate;
  body.insert(1, R"("hold":true,)");
  const std::string id = Desk::Body(desk.Ask("POST", "tasks", body))["id"].StringOr("");
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kHeld);
  EXPECT_EQ(desk.Ask("POST", "tasks/" + id + "/approve", "", "", kViewer).status, 403);
  EXPECT_EQ(desk.Ask("POST", "tasks/" + id + "/approve", R"({"why":"x"})").status, 422);
  const HttpResponse approved = desk.Ask("POST", "tasks/" + id + "/approve", "");
  ASSERT_EQ(approved.status, 200) << approved.body;
  EXPECT_EQ(Desk::Body(approved)["state"].StringOr(""), "queued");
  EXPECT_EQ(desk.Ask("POST", "tasks/" + id + "/approve", "").status, 409) << "once is enough";
  EXPECT_THAT(world.TimelineOf(id), Contains(HasSubstr("approved by hand by alice")));
  EXPECT_EQ(desk.Ask("POST", "tasks/" + id + "/cancel", R"({"reason":"enough"})").status, 200);
  EXPECT_EQ(world.OnlyTask().state, TaskState::kCancelled);
}

TEST(ByHand, TheApiListsAndShowsTasks) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  for (const char* key : {"1", "2", "3"})
    ASSERT_EQ(desk.Ask("POST", "tasks", kByTemplate, key).status, 201);
  const Json page = Desk::Body(desk.Ask("GET", "tasks?limit=2", "", "", kViewer));
  ASSERT_EQ(page["tasks"].size(), 2u);
  const std::string next = page["next"].StringOr("");
  EXPECT_EQ(next, page["tasks"][1]["id"].StringOr(""));
  const Json rest = Desk::Body(desk.Ask("GET", "tasks?limit=2&before=" + next));
  EXPECT_EQ(rest["tasks"].size(), 1u);
  EXPECT_TRUE(rest["next"].IsNull());
  EXPECT_EQ(Desk::Body(desk.Ask("GET", "tasks?state=held"))["tasks"].size(), 0u);
  for (const char* wrong : {"tasks?state=hold", "tasks?limit=0", "tasks?limit=1000", "tasks?x=1"})
    EXPECT_EQ(desk.Ask("GET", wrong).status, 422) << wrong;

  world.WorkUntilIdle();
  const Json shown = Desk::Body(desk.Ask("GET", "tasks/" + next));
  EXPECT_EQ(shown["id"].StringOr(""), next);
  EXPECT_GT(shown["timeline"].size(), 1u);
  EXPECT_EQ(shown["incident"]["run"]["event"].StringOr(""), "by-hand");
  bool patch = false;
  for (const Json& artifact : shown["artifacts"].Elements())
    patch = patch || artifact["name"].StringOr("") == "patch";
  EXPECT_TRUE(patch);
  const HttpResponse bytes = desk.Ask("GET", "tasks/" + next + "/artifacts/patch");
  EXPECT_EQ(bytes.status, 200);
  EXPECT_THAT(bytes.body, HasSubstr("table.txt"));
  EXPECT_EQ(HeaderValue(bytes.headers, "x-content-type-options"), "nosniff");
  EXPECT_EQ(desk.Ask("GET", "tasks/" + next + "/artifacts/none").status, 404);
  for (const char* wrong : {"tasks/zz", "tasks/%", "tasks/ffffffffffff", "tasks/zz/events"})
    EXPECT_EQ(desk.Ask("GET", wrong).status, 404) << wrong;
}

// Takes what is sent, and lets the watcher look as often as the test says.
class Watched final : public HttpStream {
 public:
  explicit Watched(std::vector<std::function<void()>> between) : between_(std::move(between)) {}
  bool Write(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  bool Wait(absl::Duration) override {
    if (next_ >= between_.size()) return false;
    between_[next_++]();
    return true;
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const std::string_view line : SplitLines(text)) {
      if (line.starts_with("id: ")) ids.emplace_back(line.substr(4));
    }
    return ids;
  }
  std::string text;

 private:
  const std::vector<std::function<void()>> between_;
  std::size_t next_ = 0;
};

TEST(Events, TellWhatATaskAndItsAgentsDoAsItComesAndGoOnWhereTheyWereLeft) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  const std::string id = Desk::Body(desk.Ask("POST", "tasks", kByTemplate))["id"].StringOr("");
  const auto lease = world.store().ClaimTask("w", absl::Seconds(60));
  ASSERT_TRUE(lease.ok() && *lease);
  std::string record;
  const auto note = [&](const std::string& message) {
    const TimelineEntry entry{{}, "note", message};
    ASSERT_TRUE(world.store().Append(**lease, {&entry, 1}, {}).ok());
  };
  const auto keep = [&] {
    const Artifact artifact{"agent-x-1.jsonl", record};
    ASSERT_TRUE(world.store().Append(**lease, {}, {&artifact, 1}).ok());
  };
  HttpResponse live = desk.Ask("GET", "tasks/" + id + "/events", "", "", kViewer);
  ASSERT_TRUE(live.stream);
  Watched first({[&] { note("line\nbreak"); },
                 [&] {
                   record = "{\"kind\":\"message\",\"text\":\"one\"}\n";
                   keep();
                 },
                 [&] {
                   record += "{\"kind\":\"message\",\"text\":\"two\"}\n";
                   keep();
                 }});
  live.stream(first);
  EXPECT_THAT(first.text, HasSubstr("event: timeline\ndata: {"));
  EXPECT_THAT(first.text, HasSubstr("line\\nbreak")) << "an event is one line of data";
  EXPECT_THAT(first.text,
              HasSubstr("event: agent\ndata: {\"kind\":\"message\",\"text\":\"two\"}\n\n"));
  const std::vector<std::string> ids = first.Ids();
  ASSERT_THAT(ids, SizeIs(4));
  EXPECT_TRUE(ids[3].ends_with("-2")) << ids[3];

  // Again, after the first event of the agent: what it has is not told twice.
  HttpRequest request;
  request.method = "GET";
  request.path = "/api/v1/tasks/" + id + "/events";
  request.headers = {{"authorization", std::string("Bearer ") + kViewer},
                     {"last-event-id", ids[2]}};
  HttpResponse again = desk.Handle(request);
  ASSERT_TRUE(again.stream);
  Watched second({[&] {
                    record = "cut to its end\n";
                    keep();
                    ASSERT_TRUE(world.store().Move(id, TaskState::kCancelled, "enough").ok());
                  },
                  [] {}});
  again.stream(second);
  EXPECT_THAT(second.text, testing::Not(HasSubstr("\"one\"")));
  EXPECT_THAT(second.text, HasSubstr("\"two\""));
  EXPECT_THAT(second.text, HasSubstr("event: gap"));
  EXPECT_THAT(second.text, HasSubstr("event: end\ndata: {"));
  EXPECT_THAT(second.text, HasSubstr("\"state\":\"cancelled\""));

  request.headers[1].second = "1-x";
  EXPECT_EQ(desk.Handle(request).status, 422);
  request.headers[1].second = "999999999";
  EXPECT_EQ(desk.Handle(request).status, 204) << "there is nothing more to come";
}

TEST(Events, OfARecordThatBeginsAnewAreToldToo) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  const std::string id = Desk::Body(desk.Ask("POST", "tasks", kByTemplate))["id"].StringOr("");
  const auto lease = world.store().ClaimTask("w", absl::Seconds(60));
  ASSERT_TRUE(lease.ok() && *lease);
  const auto add = [&](const std::string& text) {
    const Artifact piece{"agent-x-1.jsonl", Cat("{\"text\":\"", text, "\"}\n")};
    ASSERT_TRUE(world.store().Extend(**lease, {&piece, 1}).ok());
  };
  HttpResponse live = desk.Ask("GET", "tasks/" + id + "/events", "", "", kViewer);
  Watched first({[&] { add("one"); }, [&] { add("two"); },
                 [&] {
                   const Artifact anew{"agent-x-1.jsonl", ""};
                   ASSERT_TRUE(world.store().Append(**lease, {}, {&anew, 1}).ok());
                   add("three");
                 },
                 [&] { add("four"); }});
  live.stream(first);
  EXPECT_THAT(first.text, HasSubstr("{\"text\":\"two\"}\n\nevent: gap\n"));
  EXPECT_THAT(first.text, HasSubstr("{\"text\":\"three\"}"));
  const std::vector<std::string> ids = first.Ids();
  ASSERT_FALSE(ids.empty());
  EXPECT_TRUE(ids.back().ends_with("-2")) << ids.back() << ": three and four are there now";

  HttpRequest request;
  request.method = "GET";
  request.path = "/api/v1/tasks/" + id + "/events";
  request.headers = {{"authorization", std::string("Bearer ") + kViewer},
                     {"last-event-id", ids[ids.size() - 2]}};
  HttpResponse again = desk.Handle(request);
  ASSERT_TRUE(again.stream);
  Watched second({[] {}});
  again.stream(second);
  EXPECT_THAT(second.text, testing::Not(HasSubstr("three")));
  EXPECT_THAT(second.text, HasSubstr("four"));
}

TEST(Events, TooManyWatchersAreToldToComeAgain) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  const std::string id = Desk::Body(desk.Ask("POST", "tasks", kByTemplate))["id"].StringOr("");
  std::vector<HttpResponse> open;
  for (int i = 0; i < EventStreams::kMost; ++i) {
    open.push_back(desk.Ask("GET", "tasks/" + id + "/events"));
    ASSERT_EQ(open.back().status, 200) << i;
  }
  const HttpResponse refused = desk.Ask("GET", "tasks/" + id + "/events");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(HeaderValue(refused.headers, "retry-after"), "");
  open.pop_back();
  EXPECT_EQ(desk.Ask("GET", "tasks/" + id + "/events").status, 200) << "one has gone";
}

// A template whose command changes the wrong thing, so that the check stays red.
std::string WrongTemplate() {
  std::string text = World::DefaultTemplate();
  const std::string right = "sh generate.sh > table.txt";
  text.replace(text.find(right), right.size(), "echo half done >> table.txt");
  return text;
}

TEST(TakeOver, APersonGoesOnFromWhatAFailedTaskLeft) {
  World world(WrongTemplate());
  world.PushRedCommit();
  Desk desk(world);
  const std::string id = Desk::Body(desk.Ask("POST", "tasks", kByTemplate))["id"].StringOr("");
  world.WorkUntilIdle();
  ASSERT_EQ(world.OnlyTask().state, TaskState::kFailed) << world.OnlyTask().reason;
  EXPECT_THAT(world.TimelineOf(id), Contains(HasSubstr("regreen task shell " + id)));

  WorkspaceSpec spec;
  spec.task_id = id;
  {
    auto workspace = world.workspaces().Reopen(spec, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    EXPECT_EQ(world.workspaces().Reopen(spec, {}).status().code(), StatusCode::kUnavailable)
        << "one person at a time";
    ExecSpec repair;
    repair.command = "grep -q 'half done' table.txt && sh generate.sh > table.txt";
    EXPECT_EQ((*workspace)->Exec(repair, {})->exit_code, 0) << "it is as it was left";
  }
  ASSERT_TRUE(world.workspaces().Reap().ok());
  const HttpResponse resumed = desk.Ask("POST", "tasks/" + id + "/resume", "");
  ASSERT_EQ(resumed.status, 201) << resumed.body;
  const std::string next = Desk::Body(resumed)["id"].StringOr("");
  world.WorkUntilIdle();
  const auto task = world.store().ReadTask(next);
  ASSERT_TRUE(task.ok());
  EXPECT_EQ(task->state, TaskState::kWatching) << task->reason;
  EXPECT_THAT(world.TimelineOf(next), Contains(HasSubstr("verified: green")));
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_EQ(
      world.OnRemote({"diff", "--name-only", world.commit, world.github.pulls()[0].head_branch}),
      "table.txt");
  EXPECT_EQ(world.store().ReadTask(id)->state, TaskState::kFailed) << "what ended stays ended";
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("goes on from what was left")));
}

TEST(TakeOver, WhatAPersonLeftIsJudgedLikeAnyOtherPatch) {
  World world(WrongTemplate());
  world.PushRedCommit();
  Desk desk(world);
  const std::string id = Desk::Body(desk.Ask("POST", "tasks", kByTemplate))["id"].StringOr("");
  world.WorkUntilIdle();
  WorkspaceSpec spec;
  spec.task_id = id;
  {
    auto workspace = world.workspaces().Reopen(spec, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    ExecSpec cheat;
    cheat.command = "printf 'exit 0\\n' > check.sh";
    ASSERT_TRUE((*workspace)->Exec(cheat, {}).ok());
  }
  const std::string next =
      Desk::Body(desk.Ask("POST", "tasks/" + id + "/resume", ""))["id"].StringOr("");
  world.WorkUntilIdle();
  EXPECT_EQ(world.store().ReadTask(next)->state, TaskState::kFailed);
  EXPECT_THAT(world.github.pulls(), IsEmpty()) << "a check that was weakened";
}

TEST(TakeOver, NeedsATaskThatEndedAndSomethingThatChanged) {
  World world;
  world.PushRedCommit();
  Desk desk(world);
  const std::string id = Desk::Body(desk.Ask("POST", "tasks", kByTemplate))["id"].StringOr("");
  EXPECT_EQ(desk.Ask("POST", "tasks/" + id + "/resume", "").status, 409) << "it is queued";
  world.WorkUntilIdle();
  world.github.ClosePull(world.github.pulls()[0].number, true);
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  const HttpResponse none = desk.Ask("POST", "tasks/" + id + "/resume", "");
  EXPECT_EQ(none.status, 409) << none.body;
  EXPECT_THAT(none.body, HasSubstr("is kept")) << "one that succeeded left nothing";
}

}  // namespace
}  // namespace regreen
