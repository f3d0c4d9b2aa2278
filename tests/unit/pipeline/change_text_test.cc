#include "daemon/pipeline/change_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "tests/support/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct WordsCase {
  const char* name;
  const char* text;
  const char* plain;
};

TEST(PlainWords, HoldNothingThatAForgeActsOn) {
  const WordsCase cases[] = {
      {"a mention", "ping @admin now", "ping (at)admin now"},
      {"a closing reference", "closes #12", "closes No.12"},
      {"a closing link", "fixes https://github.com/a/b/issues/1",
       "fixes https: github.com/a/b/issues/1"},
      {"another form of reference", "resolves GH-7", "resolves GH 7"},
      {"HTML", "<img src=x>", "(img src=x)"},
      {"a Markdown link", "[x](y)", "(x)(y)"},
      {"line breaks", "a\nb", "a\\x0ab"},
      {"code", "`x`", "'x'"},
      {"hidden direction",
       "a\xE2\x80\xAE"
       "b",
       "a\\u{202e}b"},
  };
  for (const WordsCase& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(PlainWords(c.text, 200), c.plain);
  }
}

TEST(FencedBlock, NoTextCanCloseItsFence) {
  const std::string block = FencedBlock("a\n`````\n@admin <script>\n", 1000);
  EXPECT_TRUE(block.starts_with("``````text\n")) << block;
  EXPECT_TRUE(block.ends_with("\n``````\n")) << block;
}

TEST(FencedBlock, ALongTextIsCutAndStaysClosed) {
  const std::string block = FencedBlock(std::string(100'000, 'x'), 1000);
  EXPECT_LT(block.size(), 1100u);
  EXPECT_TRUE(block.ends_with("```\n"));
}

TEST(ChangeBody, TellsWhatFailedTheProofAndWhatChanged) {
  const Task task = SampleTask();
  const std::string body = ChangeBody(task, SamplePatch(), {"make check", 2, 1, "regenerate"});
  EXPECT_THAT(body, HasSubstr("`make: table.txt is out of date`"));
  EXPECT_THAT(body, HasSubstr("exit code 2"));
  EXPECT_THAT(body, HasSubstr("```text\nmake check\n```"));
  EXPECT_THAT(body, HasSubstr("- `table.txt` +1 −1"));
  EXPECT_THAT(body, HasSubstr(task.id));
}

TEST(ChangeBody, TellsWhoMadeItForHowMuchAndHowToTryIt) {
  const Task task = SampleTask();
  const ProofText by_command = {"make check", 2, 1, "regenerate"};
  EXPECT_THAT(ChangeBody(task, SamplePatch(), by_command), Not(HasSubstr("made by agent")));
  ProofText by_agent = by_command;
  by_agent.agent = "cheap";
  by_agent.rounds = 2;
  by_agent.usd = 0.01234;
  const std::string body = ChangeBody(task, SamplePatch(), by_agent);
  EXPECT_THAT(body, HasSubstr(", made by agent `cheap` in 2 rounds, for $0.0123 of model calls:"));
  EXPECT_THAT(body, HasSubstr(Cat("git fetch origin ", BranchName(task))));
  EXPECT_THAT(body, HasSubstr("**To undo it**"));
}

TEST(ChangeBody, HostileNamesStayInTheirPlaces) {
  Task task = SampleTask();
  task.incident.job.name = "x` @team <b> ![i](https://evil.example/p.png)\n## Heading";
  task.incident.run.link = "https://evil.example/)@team";
  task.incident.evidence.lines = {{1, "```\n@everyone closes #1", "primary"}};
  const std::string body =
      ChangeBody(task, SamplePatch("a`b @c.txt"), {"make `x`\n```\n@a", 1, 1, "s"});
  EXPECT_THAT(body, Not(HasSubstr("\n## Heading")));
  EXPECT_THAT(body, HasSubstr("`x' @team <b> ![i](https://evil.example/p.png)\\x0a## Heading`"));
  EXPECT_THAT(body, Not(HasSubstr("(https://evil.example/)@team")));
  EXPECT_THAT(body, HasSubstr("````text\n```\n@everyone closes #1"));
}

TEST(BranchName, IsTheSameForTheSameFailureUnderTheSameTemplate) {
  Task task = SampleTask();
  const std::string name = BranchName(task);
  EXPECT_THAT(name, testing::MatchesRegex("regreen/regenerate-[0-9a-f]{8}"));
  task.id = "another";
  task.incident.run.key.run_id = "43";
  EXPECT_EQ(BranchName(task), name);
}

TEST(BranchName, IsAnotherForEachTargetSoThatNoRepairOverwritesAnother) {
  Task base = SampleTask(), pull = SampleTask();
  pull.incident.run.branch = "feature";
  EXPECT_NE(BranchName(pull), BranchName(base));
  pull.plan.change_target = base.incident.run.branch;
  EXPECT_EQ(BranchName(pull), BranchName(base));
}

TEST(CommitMessage, HoldsNoClosingWordOfALog) {
  Task task = SampleTask();
  task.incident.evidence.signature = "closes #1\n\nCo-authored-by: x <y@z>";
  EXPECT_THAT(CommitMessage(task, {"make check", 2, 1, "s"}), Not(HasSubstr("#1")));
  EXPECT_THAT(CommitMessage(task, {"make check", 2, 1, "s"}), Not(HasSubstr("\nCo-authored-by")));
}

}  // namespace
}  // namespace regreen
