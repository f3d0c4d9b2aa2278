#include "daemon/pipeline/failure_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kWhole[] = R"toml(
ci = "gitlab"
repo = "team/app"
branch = "feature"
base_branch = "main"
event = "pull_request"
workflow = "Checks"
job = "lint"
step = "Run it"
author = "ada"
command = "make lint"
directory = "web"
commit = "2222222222222222222222222222222222222222"
fork = true
pull_request = 7
labels = ["bug"]
changed_paths = ["a.py", "b.py"]
run_attempt = 2
flaky = true
seen = 3
at = 2026-02-03T04:05:06Z
)toml";

constexpr char kWholeJson[] = R"json({"ci": "gitlab", "repo": "team/app", "branch": "feature",
 "base_branch": "main", "event": "pull_request", "workflow": "Checks", "job": "lint",
 "step": "Run it", "author": "ada", "command": "make lint", "directory": "web",
 "commit": "2222222222222222222222222222222222222222", "fork": true, "pull_request": 7,
 "labels": ["bug"], "changed_paths": ["a.py", "b.py"], "run_attempt": 2, "flaky": true, "seen": 3,
 "at": "2026-02-03T04:05:06Z"})json";

Triage NoRules() {
  Problems problems;
  return Triage(RuleSet::Load({}, problems));
}

TEST(FailureCase, IsReadFromTomlAndFromJsonAlike) {
  for (const char* text : {kWhole, kWholeJson}) {
    Problems problems;
    const FailureCase failure = ParseFailureCase(text, "e", problems);
    EXPECT_EQ(problems.Render(), "");
    const Incident incident = IncidentOf(failure, "", NoRules());
    const RunFacts& run = incident.run;
    EXPECT_EQ(run.ci, "gitlab");
    EXPECT_EQ(run.key.repo, "team/app");
    EXPECT_EQ(run.key.attempt, 2);
    EXPECT_EQ(run.branch, "feature");
    EXPECT_EQ(run.base_branch, "main");
    EXPECT_EQ(run.event, "pull_request");
    EXPECT_EQ(run.workflow, "Checks");
    EXPECT_EQ(run.author, "ada");
    EXPECT_EQ(run.commit, std::string(40, '2'));
    EXPECT_TRUE(run.from_fork);
    EXPECT_EQ(run.pull_request, 7);
    EXPECT_EQ(incident.job.name, "lint");
    EXPECT_EQ(incident.job.failed_step, "Run it");
    EXPECT_EQ(incident.evidence.command, "make lint");
    EXPECT_EQ(incident.evidence.directory, "web");
    EXPECT_THAT(incident.labels, ElementsAre("bug"));
    EXPECT_THAT(incident.changed_paths, ElementsAre("a.py", "b.py"));
    EXPECT_TRUE(incident.history.flaky());
    EXPECT_EQ(incident.history.seen, 3);
    const absl::Time at =
        absl::FromCivil(absl::CivilSecond(2026, 2, 3, 4, 5, 6), absl::UTCTimeZone());
    EXPECT_EQ(incident.at, at);
    EXPECT_THAT(incident.history.times,
                ElementsAre(at - absl::Hours(1), at - absl::Hours(2), at - absl::Hours(3)));
  }
}

TEST(FailureCase, NeedsNothing) {
  for (const char* text : {"", "{}"}) {
    Problems problems;
    const Incident incident = IncidentOf(ParseFailureCase(text, "e", problems), "", NoRules());
    EXPECT_EQ(problems.Render(), "");
    EXPECT_EQ(incident.run.base_branch, "main");
    EXPECT_EQ(incident.run.key.repo, "acme/widget");
    EXPECT_EQ(incident.history.seen, 0);
    EXPECT_EQ(absl::FormatTime(absl::RFC3339_sec, incident.at, absl::UTCTimeZone()),
              "2026-01-05T10:00:00+00:00");
  }
}

TEST(FailureCase, AFlakeWasSeenBefore) {
  Problems problems;
  const Incident incident =
      IncidentOf(ParseFailureCase("flaky = true", "e", problems), "", NoRules());
  EXPECT_EQ(incident.history.seen, 1);
  EXPECT_TRUE(incident.history.flaky());
}

TEST(FailureCase, ALogThatSaysNothingIsNamedByItsPlace) {
  FailureCase failure;
  failure.job = "lint (3.11)";
  failure.step = "Run it";
  const Incident incident = IncidentOf(failure, "all is well\n", NoRules());
  EXPECT_EQ(incident.evidence.failure_class, FailureClass::kUnknown);
  EXPECT_THAT(incident.evidence.signature, HasSubstr("lint"));
  EXPECT_EQ(incident.evidence.fingerprint.size(), 64u);
}

TEST(FailureCase, RefusesWhatItDoesNotKnow) {
  struct Case {
    const char* text;
    const char* wanted;
  };
  const Case cases[] = {
      {"repos = 'x'", "e:1:9: error: unknown key \"repos\", did you mean \"repo\"?"},
      {"seen = -1", "\"seen\" must be 0 or more"},
      {"run_attempt = 0", "\"run_attempt\" must be 1 or more"},
      {"pull_request = 99999999999", "\"pull_request\" must be 0 or more"},
      {"labels = [1]", "\"labels\" must hold strings only"},
      {"at = 2026-01-05", "\"at\" must be a time with its offset"},
      {"{\"repos\": \"x\"}", "unknown key \"repos\", did you mean \"repo\"?"},
      {"{\"repo\": 5}", "\"repo\" must be a string"},
      {"{\"fork\": \"yes\"}", "\"fork\" must be true or false"},
      {"{\"labels\": [\"a\", 1]}", "\"labels\" must be a list of strings"},
      {"{\"labels\": \"a\"}", "\"labels\" must be a list of strings"},
      {"{\"seen\": -1}", "\"seen\" must be a whole number, 0 or more"},
      {"{\"run_attempt\": 1.5}", "\"run_attempt\" must be a whole number, 1 or more"},
      {"{\"at\": \"soon\"}", "\"at\" must be a time such as"},
      {"{\"repo\": ", "e: error: "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    Problems problems;
    ParseFailureCase(c.text, "e", problems);
    EXPECT_THAT(problems.all(), SizeIs(1));
    EXPECT_THAT(problems.Render(), HasSubstr(c.wanted));
  }
}

}  // namespace
}  // namespace regreen
