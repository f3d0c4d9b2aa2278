// How the programs are run, and what their ends mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/agent/program.h"
#include "adapters/agent/registry.h"
#include "tests/support/fake_workspace.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Claim = AgentReport::Claim;

constexpr char kDone[] =
    R"({"type":"result","subtype":"success","is_error":false,"result":"Done.","total_cost_usd":0.5,"usage":{"input_tokens":10,"output_tokens":5}})"
    "\n";

class ProgramAgentTest : public testing::Test {
 protected:
  ProgramAgentTest() {
    options.name = "robot";
    options.kind = "claude";
    options.network = "big-brain";
    options.silence = absl::Minutes(2);
    brief.prompt = "Repair it.";
  }
  AgentReport Repair() {
    auto agent = CreateAgent(options);
    EXPECT_TRUE(agent.ok()) << agent.status();
    auto workspace = workspaces.Open({}, {});
    workspaces.on_exec = [this](const ExecSpec& spec, bool) -> StatusOr<ExecResult> {
      asked = spec;
      return result;
    };
    auto report = (*agent)->Repair(
        **workspace, brief, [this](const AgentEvent& event) { events.push_back(event); }, {});
    heard = workspaces.opened.back()->heard;
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : AgentReport();
  }

  AgentOptions options;
  FakeWorkspaces workspaces;
  Brief brief;
  StatusOr<ExecResult> result = FakeWorkspaces::Exit(0, kDone);
  ExecSpec asked;
  std::vector<AgentEvent> events;
  std::string heard;
};

TEST_F(ProgramAgentTest, RunsClaudeCodeWithTheBrokersAddressAndNoKey) {
  options.model = "it's";
  options.max_turns = 7;
  options.args = {"--append-system-prompt", "see {url}"};
  options.env = {{"ODD", "a'b{url}/v1"}};
  brief.max_usd = 0.25;
  EXPECT_EQ(Repair().claim, Claim::kFinished);
  EXPECT_THAT(asked.command, HasSubstr("[ -n \"${REGREEN_MODEL_URL_BIG_BRAIN-}\" ] || exit 119\n"));
  EXPECT_THAT(asked.command,
              HasSubstr("export ANTHROPIC_BASE_URL=''\"$REGREEN_MODEL_URL_BIG_BRAIN\"''\n"));
  EXPECT_THAT(asked.command, HasSubstr("export ANTHROPIC_API_KEY='added-outside'\n"));
  EXPECT_THAT(asked.command,
              HasSubstr("export ODD='a'\\''b'\"$REGREEN_MODEL_URL_BIG_BRAIN\"'/v1'\n"));
  EXPECT_THAT(asked.command, HasSubstr("\nexec 'claude' -p --output-format stream-json"));
  EXPECT_THAT(asked.command, HasSubstr(" --model 'it'\\''s' --max-turns 7 --max-budget-usd 0.25"));
  EXPECT_THAT(asked.command, HasSubstr("'see '\"$REGREEN_MODEL_URL_BIG_BRAIN\"''"));
  EXPECT_EQ(asked.silence, absl::Minutes(2));
  EXPECT_GT(asked.grace, absl::ZeroDuration());
  EXPECT_EQ(heard, BriefText(brief));
}

TEST_F(ProgramAgentTest, RunsCodexWithoutASandboxOfItsOwn) {
  options.kind = "codex";
  options.command = "/opt/codex";
  result = FakeWorkspaces::Exit(0, R"({"type":"turn.completed","usage":{}})");
  EXPECT_EQ(Repair().claim, Claim::kFinished);
  EXPECT_THAT(asked.command, HasSubstr("exec '/opt/codex' exec --json"));
  EXPECT_THAT(asked.command, HasSubstr("--dangerously-bypass-approvals-and-sandbox"));
  EXPECT_THAT(asked.command, HasSubstr("base_url=\"'\"$REGREEN_MODEL_URL_BIG_BRAIN\"'/v1\""));
  options.network.clear();
  Repair();
  EXPECT_THAT(asked.command, Not(HasSubstr("model_provider"))) << "its own settings say where";
}

TEST_F(ProgramAgentTest, WhatTheCallsCostIsCountedOutsideWherePossible) {
  AgentReport report = Repair();
  EXPECT_DOUBLE_EQ(report.usd, 0.5) << "its own word, where no call went through us";
  workspaces.usage.requests = 2;
  workspaces.usage.input_tokens = 1000;
  workspaces.usage.usd = 2;
  report = Repair();
  EXPECT_DOUBLE_EQ(report.usd, 2);
  EXPECT_EQ(report.usage.input_tokens, 1000);
  workspaces.usage.usd = 0;
  EXPECT_DOUBLE_EQ(Repair().usd, 0.5) << "its own price, where we know none";
}

TEST_F(ProgramAgentTest, EachEndHasASentenceOfItsOwn) {
  struct Case {
    const char* name;
    ExecResult result;
    Claim claim;
    const char* words;
  };
  ExecResult silent = FakeWorkspaces::Exit(130), late = silent;
  silent.timed_out = silent.silent = late.timed_out = true;
  ExecResult interrupted = silent, lingering = silent;
  interrupted.output =
      "{\"type\":\"result\",\"subtype\":\"error_during_execution\",\"is_error\":true}\n";
  lingering.output = kDone;
  for (const Case& c : std::initializer_list<Case>{
           {"silence", silent, Claim::kSilent, "told nothing for 2m"},
           {"an error that it tells when it is ended", interrupted, Claim::kSilent, "told nothing"},
           {"an end, and then silence", lingering, Claim::kFinished, "Done."},
           {"too long", late, Claim::kTimedOut, "still at work after 10m"},
           {"missing", FakeWorkspaces::Exit(127, "sh: claude: not found\n"), Claim::kFailed,
            "its program is not in the workspace (exit code 127): sh: claude: not found"},
           {"no model", FakeWorkspaces::Exit(119), Claim::kFailed,
            "this kind of workspace does not offer the network big-brain"},
           {"a crash", FakeWorkspaces::Exit(139, "{\"type\":\"system\"}\nSegmentation fault\n"),
            Claim::kCrashed, "ended with exit code 139 and no word of how; it said last: Segment"},
           {"no end", FakeWorkspaces::Exit(0), Claim::kCrashed,
            "ended with exit code 0 and no word"},
           {"an end before the crash", FakeWorkspaces::Exit(1, kDone), Claim::kFinished,
            "Done."}}) {
    SCOPED_TRACE(c.name);
    events.clear();
    result = c.result;
    const AgentReport report = Repair();
    EXPECT_EQ(report.claim, c.claim);
    EXPECT_THAT(report.words, HasSubstr(c.words));
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().kind, AgentEvent::Kind::kEnd);
  }
}

TEST_F(ProgramAgentTest, IsEndedOverItsBudgets) {
  const std::string call =
      R"({"type":"assistant","message":{"id":"m","content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}],"usage":{"input_tokens":900,"output_tokens":200}}})"
      "\n";
  result = FakeWorkspaces::Exit(0, call + call + call);
  options.max_turns = 2;
  EXPECT_EQ(Repair().claim, Claim::kOverBudget);
  options.max_turns = 0;
  options.limits.max_tokens = 1000;
  AgentReport report = Repair();
  EXPECT_EQ(report.claim, Claim::kOverBudget);
  EXPECT_THAT(report.words, HasSubstr("it used 1100 tokens, and 1000 may be used"));
  options.limits.max_tokens = 0;
  brief.max_usd = 1;
  workspaces.usage.requests = 1;
  workspaces.usage.usd = 1.5;
  report = Repair();
  EXPECT_THAT(report.words, HasSubstr("it spent $1.5, and $1 may be spent"));
  workspaces.usage.usd = 0.5;
  workspaces.usage.over = true;
  result = FakeWorkspaces::Exit(1, "");
  EXPECT_EQ(Repair().claim, Claim::kOverBudget) << "the broker cut it off";
}

TEST_F(ProgramAgentTest, StopsWhenAskedTo) {
  auto agent = CreateAgent(options);
  ASSERT_TRUE(agent.ok());
  auto workspace = workspaces.Open({}, {});
  std::stop_source stop;
  workspaces.on_exec = [&](const ExecSpec&, bool) -> StatusOr<ExecResult> {
    stop.request_stop();
    return Cancelled("stopped");
  };
  EXPECT_EQ((*agent)
                ->Repair(
                    **workspace, brief, [](const AgentEvent&) {}, stop.get_token())
                .status()
                .code(),
            StatusCode::kCancelled);
}

TEST(AgentOptionsOfPrograms, AreCheckedAllAtOnce) {
  AgentOptions options;
  options.kind = "acp";
  options.max_turns = -1;
  options.silence = absl::ZeroDuration();
  options.price_usd = 1;
  options.env = {{"A B", "x"}, {"$(x)", "y"}};
  const std::string mistakes = Message(CreateAgent(options).status());
  for (const char* want :
       {"command is needed", "max_turns must not be negative", "silence must be longer",
        "price_usd is of a command", "hold A B", "hold $(x)"})
    EXPECT_THAT(mistakes, HasSubstr(want));
}

}  // namespace
}  // namespace regreen
