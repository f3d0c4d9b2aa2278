#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/agent/registry.h"
#include "tests/support/fake_workspace.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Claim = AgentReport::Claim;

AgentOptions Options() {
  AgentOptions options;
  options.name = "cheap";
  options.kind = "command";
  options.command = "fix-it --quiet";
  options.price_usd = 0.25;
  options.env = {{"MODE", "careful"}};
  return options;
}

class CommandAgentTest : public testing::Test {
 protected:
  StatusOr<AgentReport> Repair(const AgentOptions& options = Options()) {
    auto agent = CreateAgent(options);
    EXPECT_TRUE(agent.ok()) << agent.status();
    auto workspace = workspaces.Open({}, {});
    workspaces.on_exec = [this](const ExecSpec& spec, bool) -> StatusOr<ExecResult> {
      asked = spec;
      return result;
    };
    return (*agent)->Repair(**workspace, brief,
                            [this](const AgentEvent& event) { printed += event.text; }, {});
  }

  FakeWorkspaces workspaces;
  Brief brief{"Repair the table."};
  StatusOr<ExecResult> result = FakeWorkspaces::Exit(0, "done\n");
  ExecSpec asked;
  std::string printed;
};

TEST_F(CommandAgentTest, GetsTheBriefOnItsStandardInput) {
  brief.timeout = absl::Minutes(3);
  brief.env = {{"REGREEN_INPUT_FILES", "a.txt"}};
  const auto report = Repair();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->claim, Claim::kFinished);
  EXPECT_DOUBLE_EQ(report->usd, 0.25);
  EXPECT_EQ(asked.command, "fix-it --quiet");
  EXPECT_EQ(asked.input, BriefText(brief));
  EXPECT_EQ(asked.timeout, absl::Minutes(3));
  EXPECT_THAT(asked.env, Contains(std::pair<std::string, std::string>("MODE", "careful")));
  EXPECT_THAT(asked.env,
              Contains(std::pair<std::string, std::string>("REGREEN_INPUT_FILES", "a.txt")));
  EXPECT_EQ(printed, "done\n");
}

struct EndCase {
  const char* name;
  int exit_code;
  bool timed_out;
  const char* output;
  Claim claim;
  const char* words;
};

TEST_F(CommandAgentTest, ReadsHowItEnded) {
  const EndCase cases[] = {
      {"an exit code says nothing", 1, false, "x\n", Claim::kFinished, "exit code 1"},
      {"a hang", 137, true, "", Claim::kTimedOut, "still at work"},
      {"no program", 127, false, "fix-it: not found\n", Claim::kFailed, "fix-it: not found"},
      {"it gave up", 0, false, "hm\nregreen: gave up: too hard\x1b[0m\n", Claim::kGaveUp,
       "too hard\\x1b[0m"},
      {"it gave up and went on", 0, false, "regreen: gave up: x\ndone\n", Claim::kFinished, "0"},
  };
  for (const EndCase& c : cases) {
    SCOPED_TRACE(c.name);
    result = FakeWorkspaces::Exit(c.exit_code, c.output);
    result->timed_out = c.timed_out;
    const auto report = Repair();
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->claim, c.claim);
    EXPECT_THAT(report->words, HasSubstr(c.words));
    EXPECT_DOUBLE_EQ(report->usd, 0.25) << "however it ended";
  }
}

TEST_F(CommandAgentTest, IsNotRunForMoreThanMayBeSpent) {
  brief.max_usd = 0.2;
  const auto report = Repair();
  EXPECT_EQ(report->claim, Claim::kFailed);
  EXPECT_DOUBLE_EQ(report->usd, 0);
  EXPECT_THAT(report->words, HasSubstr("costs $0.25, and only $0.2"));
  EXPECT_EQ(asked.command, "");
}

TEST_F(CommandAgentTest, TroubleOfTheWorkspaceIsAnError) {
  result = ResourceExhausted("the disk is full");
  EXPECT_TRUE(IsRetryable(Repair().status()));
}

TEST(CreateAgent, NamesEveryMistake) {
  AgentOptions options = Options();
  options.command = " ";
  options.price_usd = 3;
  options.limits.max_usd = 2;
  options.env = {{"A=B", ""}};
  const Status status = CreateAgent(options).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  for (const char* part : {"command is needed", "more than max_usd", "A=B"})
    EXPECT_THAT(Message(status), HasSubstr(part));
  options.kind = "comand";
  EXPECT_THAT(Message(CreateAgent(options).status()), HasSubstr("did you mean \"command\"?"));
}

}  // namespace
}  // namespace regreen
