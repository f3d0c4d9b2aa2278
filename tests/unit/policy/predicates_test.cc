// Each condition's answer, holding or not, and what is said of a bad value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

std::vector<Condition> Read(const std::string& text, Problems& problems) {
  TomlTable table = TomlTable::Parse(text, "t.toml", problems);
  auto conditions = ReadConditions(table);
  table.Finish();
  return conditions;
}

// Monday, 5 January 2026, 10:30 UTC.
absl::Time Monday() {
  return absl::FromCivil(absl::CivilMinute(2026, 1, 5, 10, 30), absl::UTCTimeZone());
}

Incident PullRequestIncident() {
  Incident incident = SampleIncident();
  incident.at = Monday();
  incident.run.key.attempt = 2;
  incident.run.branch = "feature";
  incident.run.pull_request = 17;
  incident.changed_paths = {"docs/a.md", "src/deep/b.cc"};
  incident.labels = {"bug", "area/build"};
  incident.history.seen = 4;
  for (const int hours : {1, 5, 30, 80})
    incident.history.times.push_back(incident.at - absl::Hours(hours));
  return incident;
}

TEST(Predicates, AnswerWithTheReasonWhetherTheyHoldOrNot) {
  struct Case {
    const char* text;
    bool holds;
    const char* why;
  };
  const Case cases[] = {
      {"base_branch = ['release/*', 'main']", true, "base_branch \"main\" fits \"main\""},
      {"base_branch = 'release/*'", false, "base_branch \"main\" does not fit \"release/*\""},
      {"path = ['src/**', 'x']", true, "the changed path \"src/deep/b.cc\" fits \"src/**\""},
      {"path = 'src/*'", false, "none of the 2 changed paths fits \"src/*\""},
      {"label = 'area/*'", true, "label \"area/build\" fits \"area/*\""},
      {"label = ['wip', 'hold']", false, "label each of 2 does not fit \"wip\" or \"hold\""},
      {"run_attempt = [2, 3]", true, "run attempt is 2"},
      {"run_attempt = 1", false, "run attempt is 2, not 1"},
      {"pull_request = true", true, "the run is of pull request 17"},
      {"pull_request = false", false, "the run is of pull request 17"},
      {"seen = { at_least = 3, within = '30h' }", true,
       "in the 30h before, the failure was seen 3 times"},
      {"seen = { at_least = 3, within = '29h' }", false,
       "in the 29h before, the failure was seen 2 times, and must be at least 3"},
      {"seen = { within = '1h' }", true, "in the 1h before, the failure was seen once"},
      {"seen = { within = '30m' }", false,
       "in the 30m before, the failure was never seen, and must be at least 1"},
      {"seen = { at_least = 4 }", true, "the failure was seen 4 times before"},
      {"seen = 'first'", false, "the failure is not new: it was seen 4 times before"},
      {"window = 'Mon-Fri 08:00-18:00'", true,
       "the time, Mon 2026-01-05 10:30 UTC, is in \"Mon-Fri 08:00-18:00\""},
      {"window = ['Sat,Sun', '12:00-13:00']", false,
       "the time, Mon 2026-01-05 10:30 UTC, is not in \"Sat,Sun\" or \"12:00-13:00\""},
      {"window = ['Sun', '18:00-20:00 +08:00']", true,
       "the time, Mon 2026-01-05 18:30 +08, is in \"18:00-20:00 +08:00\""},
      {"class = ['test', 'lint']", false, "class is format, not \"test\" or \"lint\""},
      {"log = ['never', 'table is']", true, "line 11 of the log matches /table is/"},
      {"command = 'make'", true, "command \"make check\" matches /make/"},
  };
  const Incident incident = PullRequestIncident();
  const Circumstances circumstances{incident, "make check"};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    Problems problems;
    const auto conditions = Read(c.text, problems);
    EXPECT_EQ(problems.Render(), "");
    ASSERT_EQ(conditions.size(), 1u);
    const PredicateAnswer answer = conditions[0].predicate->Ask(circumstances);
    EXPECT_EQ(answer.holds, c.holds);
    EXPECT_EQ(answer.why, c.why);
    EXPECT_EQ(conditions[0].predicate->Holds(circumstances), c.holds);
  }
}

TEST(Predicates, SayWhatIsNotThere) {
  struct Case {
    const char* text;
    const char* why;
  };
  const Case cases[] = {
      {"path = 'a'", "the changed paths are not known, and one must fit \"a\""},
      {"label = 'a'", "label is not there: the pull request has none, and must fit \"a\""},
      {"base_branch = 'a'", "base_branch is not known, and must fit \"a\""},
      {"pull_request = true", "the run is not of a pull request"},
      {"seen = { at_least = 2, within = '1h' }",
       "in the 1h before, the failure was never seen, and must be at least 2"},
  };
  const Incident incident;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    Problems problems;
    const auto conditions = Read(c.text, problems);
    ASSERT_EQ(conditions.size(), 1u) << problems.Render();
    const PredicateAnswer answer = conditions[0].predicate->Ask({incident, ""});
    EXPECT_FALSE(answer.holds);
    EXPECT_EQ(answer.why, c.why);
  }
  Problems problems;
  EXPECT_EQ(Read("seen = 'first'", problems)[0].predicate->Ask({incident, ""}).why,
            "the failure is new");
}

TEST(Predicates, BadValuesAreProblemsAtTheirPlace) {
  struct Case {
    const char* text;
    const char* wanted;
  };
  const Case cases[] = {
      {"provider = 'github'", "t.toml:1:12: error: the provider is asked for by \"ci\""},
      {"base_branch = []", "\"base_branch\" is an empty list"},
      {"label = ''", "the glob \"\" is empty"},
      {"path = '/etc/*'", "t.toml:1:8: error: the glob \"/etc/*\" begins with '/'"},
      {"path = ['a', '../b']", "\"..\""},
      {"run_attempt = 0", "run attempt 0 is not between 1 and 1000000"},
      {"run_attempt = []", "\"run_attempt\" is an empty list"},
      {"run_attempt = '2'", "must be a whole number"},
      {"pull_request = 5", "\"pull_request\" must be true or false"},
      {"seen = 'often'", "t.toml:1:8: error: \"seen\" is \"often\", and must be \"first\""},
      {"seen = 3", "\"seen\" must be a string"},
      {"seen = {}", "\"seen\" needs \"at_least\", \"within\", or both"},
      {"seen = { at_least = 0 }", "t.toml:1:21: error: \"at_least\" is 0"},
      {"seen = { within = 'soon' }", "must be a duration"},
      {"seen = { within = '0s' }", "must be 1s or more"},
      {"seen = { at_least = 101, within = '1h' }", "only the last 100 times are remembered"},
      {"seen = { atleast = 3, within = '1h' }",
       "unknown key \"atleast\", did you mean \"at_least\"?"},
      {"window = []", "\"window\" is an empty list"},
      {"window = ['Mon', 'Mon-Fry']", "the window \"Mon-Fry\" names neither days nor hours"},
      {"window = 5", "must be a string or a list of strings"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    Problems problems;
    Read(c.text, problems);
    EXPECT_THAT(problems.Render(), HasSubstr(c.wanted));
    EXPECT_EQ(problems.all().size(), 1u) << problems.Render();
  }
}

TEST(Predicates, SayWhatTheyAskAsATemplateWritesIt) {
  for (const char* text :
       {"repo = [\"a/*\", \"b/*\"]", "base_branch = \"main\"", "label = \"x\"", "path = \"src/**\"",
        "log = \"a\\\\d\"", "command = [\"a\", \"b\"]", "class = [\"test\", \"lint\"]",
        "exit_code = [1, 2]", "run_attempt = 3", "fork = false", "pull_request = true",
        "flaky = true", "seen_at_least = 2", "seen = \"first\"",
        "seen = { at_least = 2, within = \"1h\" }", "window = [\"Mon\", \"Tue\"]"}) {
    SCOPED_TRACE(text);
    Problems problems;
    const auto conditions = Read(text, problems);
    ASSERT_EQ(conditions.size(), 1u) << problems.Render();
    EXPECT_EQ(Cat(conditions[0].key, " = ", conditions[0].predicate->Spec()), text);
  }
}

}  // namespace
}  // namespace regreen
