#include "daemon/pipeline/fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "tests/support/policy_folder.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kCases[] = R"toml(
[[case]]
name = "a stale table"
log  = "logs/stale.log"
[case.event]
command = "make check"
[case.expect]
template = "fix-table"
class    = "format"
inputs   = { file = "table.txt" }
decision = "chosen: fix-table (suggest)"

[[case]]
name = "nothing known"
log_text = "x"
[case.expect]
template = ""
)toml";

FixtureResult RunOne(const PolicyFolder& folder, const std::string& text) {
  Problems problems;
  const auto fixtures = ReadFixtures(text, "t.toml", folder.path(), problems);
  EXPECT_EQ(problems.Render(), "");
  EXPECT_THAT(fixtures, SizeIs(1));
  return fixtures.empty() ? FixtureResult() : RunFixture(fixtures[0], folder.Load());
}

std::string Case(const std::string& expect) {
  return Cat(
      "[[case]]\nname = 'x'\nlog_text = 'table.txt is stale'\n[case.event]\n"
      "command = 'make check'\n[case.expect]\n",
      expect);
}

TEST(Fixtures, PassWhereTheExpectationHolds) {
  const PolicyFolder folder;
  folder.Write("tests/cases.toml", kCases);
  folder.Write("tests/logs/stale.log", "table.txt is stale\n");
  Problems problems;
  const auto fixtures = LoadFixtures(folder.path(), problems);
  EXPECT_EQ(problems.Render(), "");
  ASSERT_THAT(fixtures, SizeIs(2));
  EXPECT_EQ(fixtures[0].name, "a stale table");
  EXPECT_EQ(fixtures[0].where.line, 3);
  const Policies policies = folder.Load();
  for (const Fixture& fixture : fixtures) {
    const FixtureResult result = RunFixture(fixture, policies);
    EXPECT_THAT(result.mistakes, IsEmpty()) << fixture.name;
    EXPECT_EQ(result.conditions, "");
  }
}

TEST(Fixtures, AFolderWithoutTestsHasNone) {
  Problems problems;
  EXPECT_THAT(LoadFixtures(PolicyFolder().path(), problems), IsEmpty());
  EXPECT_EQ(problems.Render(), "");
}

TEST(Fixtures, TellWhatWasExpectedAndWhatCame) {
  struct Expected {
    const char* expect;
    const char* mistake;
  };
  const Expected cases[] = {
      {"template = ''", "expected no template, got \"fix-table\""},
      {"template = 'of-team'", "expected template \"of-team\", got \"fix-table\""},
      {"template = 'fix-tabel'",
       "expected template \"fix-tabel\", which there is not, did you mean \"fix-table\"?"},
      {"template = 'fix-table'\nclass = 'test'", "expected class test, got format: "},
      {"template = 'fix-table'\ninputs = { FILE = 'x' }",
       "expected input FILE = \"x\", got \"table.txt\""},
      {"template = 'fix-table'\ninputs = { version = '3' }",
       "expected input version = \"3\", got no such input"},
      {"template = 'fix-table'\ndecision = 'chosen: of-team'",
       "expected a decision that holds \"chosen: of-team\", got \"chosen: fix-table (suggest)\""},
  };
  const PolicyFolder folder;
  for (const Expected& c : cases) {
    SCOPED_TRACE(c.expect);
    const FixtureResult result = RunOne(folder, Case(c.expect));
    ASSERT_THAT(result.mistakes, SizeIs(1));
    EXPECT_THAT(result.mistakes[0], HasSubstr(c.mistake));
  }
}

TEST(Fixtures, ShowTheConditionsOfTheExpectedTemplate) {
  const FixtureResult result = RunOne(PolicyFolder(), Case("template = 'of-team'"));
  EXPECT_THAT(
      result.conditions,
      HasSubstr("not of-team\n    no   repo: repo \"acme/widget\" does not fit \"team/*\"\n"));
  EXPECT_THAT(result.conditions, HasSubstr("chosen: fix-table\n"));
}

TEST(Fixtures, AreReadStrictly) {
  struct Bad {
    const char* text;
    const char* wanted;
  };
  const Bad cases[] = {
      {"", "t.toml:1:1: error: there is no [[case]]"},
      {"[[cases]]\nname = 'x'", "there is no [[case]]"},
      {"[[case]]\nlog_text = 'x'\n[case.expect]\ntemplate = ''", "a case needs a \"name\""},
      {"[[case]]\nname = 'a'\n[case.expect]\ntemplate = ''", "either \"log\", a file, or"},
      {"[[case]]\nname = 'a'\nlog = 'x'\nlog_text = 'x'\n[case.expect]\ntemplate = ''",
       "either \"log\", a file, or"},
      {"[[case]]\nname = 'a'\nlog_text = 'x'", "a case needs [case.expect]"},
      {"[[case]]\nname = 'a'\nlog_text = 'x'\n[case.expect]\nclass = 'test'",
       "\"expect\" needs \"template\""},
      {"[[case]]\nname = 'a'\nlog_text = 'x'\n[case.expect]\ntemplate = ''\nclass = 'tst'",
       "unknown class \"tst\", did you mean \"test\"?"},
      {"[[case]]\nname = 'a'\nlog_text = 'x'\n[case.expect]\ntemplat = ''\ntemplate = ''",
       "t.toml:5:11: error: unknown key \"templat\", did you mean \"template\"?"},
      {"[[case]]\nname = 'a'\nlog_text = 'x'\nlogs = 'x'\n[case.expect]\ntemplate = ''",
       "unknown key \"logs\", did you mean \"log\"?"},
      {"[[case]]\nname = 'a'\nlog_text = 'x'\n[case.event]\nbranc = 'x'\n[case.expect]\n"
       "template = ''",
       "unknown key \"branc\", did you mean \"branch\"?"},
      {"[[case]]\nname = 'a'\nlog = 'nowhere.log'\n[case.expect]\ntemplate = ''",
       "t.toml:3:7: error: "},
      {"[[case]]\nname = 'a'\nlog = '../x.log'\n[case.expect]\ntemplate = ''", "\"..\""},
      {"[[case]]\nname = 'a'\nlog = '/etc/passwd'\n[case.expect]\ntemplate = ''",
       "begins with '/'"},
      {"[[case]]\nname = 'a'\nlog = '*.log'\n[case.expect]\ntemplate = ''", "must be one file"},
      {"[[case]]\nname = 'a'\nlog_text = 'x'\n[case.expect]\ntemplate = ''\n[[case]]\nname = 'a'\n"
       "log_text = 'x'\n[case.expect]\ntemplate = ''",
       "the name \"a\" is taken in this file"},
      {"[[case]]\nname = ", "t.toml:2:"},
  };
  const PolicyFolder folder;
  for (const Bad& c : cases) {
    SCOPED_TRACE(c.text);
    Problems problems;
    ReadFixtures(c.text, "t.toml", folder.path(), problems);
    EXPECT_THAT(problems.Render(), HasSubstr(c.wanted));
  }
}

}  // namespace
}  // namespace regreen
