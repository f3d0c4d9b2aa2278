#include "daemon/policy/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kWhole[] = R"toml(
name      = "stale-table"
title     = "Regenerate the table"
stage     = "shadow"
priority  = 50
[match]
repo      = ["acme/*"]
class     = ["test", "lint"]
log       = '(?P<what>\w+) is stale'
exit_code = [1, 2]
unless    = { branch = "wip/**", fork = true }
[workspace]
use       = "sandbox"
setup     = "make tools"
timeout   = "5m"
[[step]]
name      = "regenerate"
run       = "make table"
timeout   = "90s"
[[step]]
run       = "make -B table"
[verify]
command   = "make check"
directory = "sub/dir"
runs      = 3
timeout   = "2m"
[guard]
paths     = ["gen/**"]
max_files = 2
max_lines = 300
[change]
title     = "Regenerate: {{signature}}"
body      = "For {{ job }} of {{repo}}."
labels    = ["regreen"]
target    = "release/1.0"
)toml";

TEST(Template, ReadsEveryKey) {
  Problems problems;
  const Template t = ReadTemplate(kWhole, "t.toml", problems);
  EXPECT_EQ(problems.Render(), "");
  EXPECT_EQ(t.name, "stale-table");
  EXPECT_EQ(t.title, "Regenerate the table");
  EXPECT_EQ(t.stage, Stage::kShadow);
  EXPECT_EQ(t.priority, 50);
  EXPECT_EQ(t.match.size(), 4u);
  EXPECT_EQ(t.unless.size(), 2u);
  EXPECT_EQ(t.workspace, "sandbox");
  EXPECT_THAT(t.setup, ElementsAre("make tools"));
  EXPECT_EQ(t.setup_timeout, absl::Minutes(5));
  ASSERT_EQ(t.steps.size(), 2u);
  EXPECT_EQ(t.steps[0].name, "regenerate");
  EXPECT_EQ(t.steps[0].timeout, absl::Seconds(90));
  EXPECT_EQ(t.steps[1].name, "step 2");
  EXPECT_EQ(t.verify_command, "make check");
  EXPECT_EQ(t.verify_directory, "sub/dir");
  EXPECT_EQ(t.verify_runs, 3);
  EXPECT_EQ(t.verify_timeout, absl::Minutes(2));
  EXPECT_THAT(t.guard_paths, ElementsAre("gen/**"));
  EXPECT_EQ(t.guard_max_files, 2);
  EXPECT_EQ(t.guard_max_lines, 300);
  EXPECT_THAT(t.change_labels, ElementsAre("regreen"));
  EXPECT_EQ(t.change_target, "release/1.0");
}

TEST(Template, NeedsOnlyANameAndAStep) {
  Problems problems;
  const Template t = ReadTemplate("name = \"x\"\n[[step]]\nrun = \"true\"\n", "t.toml", problems);
  EXPECT_EQ(problems.Render(), "");
  EXPECT_EQ(t.title, "x");
  EXPECT_EQ(t.change_title, "x");
  EXPECT_EQ(t.stage, Stage::kSuggest);
  EXPECT_EQ(t.verify_command, "auto");
}

TEST(Template, RefusesEachMistakeWithItsPlace) {
  struct Case {
    const char* name;
    const char* text;  // follows a good head and step, from line 4 on
    const char* wanted;
  };
  const Case cases[] = {
      {"unknown key", "[change]\nlabel = \"x\"",
       "t.toml:5:9: error: unknown key \"label\", did you mean \"labels\"?"},
      {"unknown table", "[guards]\npaths = \"x\"",
       "t.toml:4:1: error: unknown key \"guards\", did you mean \"guard\"?"},
      {"unknown match key", "[match]\nrepos = \"x\"",
       "unknown key \"repos\", did you mean \"repo\"?"},
      {"unknown unless key", "[match]\nunless = { jobs = \"x\" }",
       "unknown key \"jobs\", did you mean \"job\"?"},
      {"wrong type", "[verify]\nruns = \"3\"",
       "t.toml:5:8: error: \"runs\" must be a whole number, not a string"},
      {"bad regex", "[match]\nlog = '('",
       "t.toml:5:7: error: pattern \"(\": the pattern does not compile"},
      {"regex that matches nothing much", "[match]\nlog = 'a*'", "matches the empty text"},
      {"command that matches everything", "[match]\ncommand = ['x', '']", "matches the empty text"},
      {"empty glob", "[match]\nrepo = [\"\"]", "the glob \"\" is empty"},
      {"triple star", "[guard]\npaths = [\"a/***\"]", "holds \"***\""},
      {"braces", "[guard]\npaths = [\"*.{c,h}\"]", "write one glob for each"},
      {"absolute path", "[guard]\npaths = [\"/etc/*\"]", "begins with '/'"},
      {"parent path", "[guard]\npaths = [\"a/../b\"]", "\"..\""},
      {"empty list", "[match]\nbranch = []", "\"branch\" is an empty list"},
      {"unknown class", "[match]\nclass = \"formatt\"",
       "unknown class \"formatt\", did you mean \"format\"?"},
      {"seen at least", "[match]\nseen_at_least = 0",
       "\"seen_at_least\" is 0, and must be 1 or more"},
      {"exit code", "[match]\nexit_code = [1, 256]", "exit code 256 is not between 0 and 255"},
      {"runs too many", "[verify]\nruns = 21", "\"runs\" must be between 1 and 20, not 21"},
      {"runs none", "[verify]\nruns = 0", "between 1 and 20"},
      {"timeout none", "[verify]\ntimeout = \"0s\"", "between 1s and 24h"},
      {"timeout no duration", "[workspace]\ntimeout = \"10 minutes\"", "must be a duration"},
      {"empty command", "[verify]\ncommand = \" \"", "\"command\" is empty"},
      {"empty setup", "[workspace]\nsetup = [\"a\", \"\"]", "\"setup\" is empty"},
      {"directory outside", "[verify]\ndirectory = \"../x\"", "\"..\""},
      {"directory glob", "[verify]\ndirectory = \"x*\"", "names one folder"},
      {"placeholder", "[change]\ntitle = \"{{signatur}}\"",
       "there is no {{signatur}}, did you mean \"signature\"?"},
      {"open placeholder", "[change]\nbody = \"{{job\"", "is not closed"},
      {"title of two lines", "[change]\ntitle = \"a\\nb\"", "line breaks"},
      {"target", "[change]\ntarget = \"a..b\"", "\"a..b\" is no branch"},
      {"label", "[change]\nlabels = [\"\"]", "the label \"\" must have"},
      {"max files", "[guard]\nmax_files = 0", "between 1 and 10000"},
      {"second empty step", "[[step]]\nrun = \"\"", "\"run\" is empty"},
      {"step without run", "[[step]]\nname = \"x\"", "a step needs \"run\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Problems problems;
    ReadTemplate(Cat("name = \"x\"\n[[step]]\nrun = \"true\"\n", c.text, "\n"), "t.toml", problems);
    EXPECT_THAT(problems.Render(), HasSubstr(c.wanted));
    EXPECT_EQ(problems.all().size(), 1u) << problems.Render();
  }
}

TEST(Template, RefusesNamesThatNoBranchCouldHold) {
  for (const char* name : {"", "Upper", "a b", "a/b", "ä", "a_b",
                           "0123456789012345678901234567890123456789012345678901234567890"}) {
    SCOPED_TRACE(name);
    Problems problems;
    ReadTemplate(TemplateText(name), "t.toml", problems);
    EXPECT_THAT(problems.Render(), HasSubstr("must be made of a-z, 0-9 and '-'"));
  }
}

TEST(Template, TellsAllProblemsAtOnce) {
  Problems problems;
  ReadTemplate("priority = 2000\nstage = \"autom\"\nextra = 1\n[match]\nlog = ['(', 'a*']\n",
               "t.toml", problems);
  const std::string all = problems.Render();
  for (const char* wanted : {"needs a \"name\"", "between -1000 and 1000", "did you mean \"auto\"?",
                             "unknown key \"extra\"", "does not compile", "matches the empty text",
                             "at least one [[step]]"}) {
    EXPECT_THAT(all, HasSubstr(wanted));
  }
}

TEST(Template, ASyntaxErrorIsTheOnlyProblemTold) {
  Problems problems;
  ReadTemplate("name = \"x\"\n[match\n", "t.toml", problems);
  ASSERT_EQ(problems.all().size(), 1u);
  EXPECT_EQ(problems.all()[0].where.line, 2);
}

}  // namespace
}  // namespace regreen
