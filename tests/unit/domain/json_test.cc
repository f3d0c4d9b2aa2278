#include <gtest/gtest.h>

#include "daemon/domain/incident.h"
#include "daemon/domain/patch.h"
#include "daemon/domain/plan.h"

namespace regreen {
namespace {

template <class T>
Json AsJson(const T& value) {
  JsonWriter out;
  WriteJson(value, out);
  return *Json::Parse(out.Take());
}

TEST(PlanJson, ReadsBackWhatItWrote) {
  Plan plan;
  plan.template_name = "format";
  plan.title = "Format";
  plan.policy_digest = "d";
  plan.stage = Stage::kAuto;
  plan.setup = {"npm ci"};
  plan.steps = {{"fmt", "make fmt", absl::Seconds(90)}, {"second", "true", absl::Minutes(2)}};
  plan.verify_command = "make check";
  plan.verify_directory = "sub";
  plan.verify_runs = 3;
  plan.guard_paths = {"src/**"};
  plan.guard_max_files = 7;
  plan.guard_allow = {"lock-file"};
  plan.change_labels = {"regreen"};
  plan.inputs = {{"CAUSE", "x\ny", false, "log.cause"}};
  Step agent{"agent", "", absl::Minutes(5), StepKind::kAgent};
  agent.when = {{"test"}, 2, {StepOutcome::kStillRed, StepOutcome::kNoChange}};
  agent.agent = "cheap";
  agent.text = "repair it";
  agent.rounds = 3;
  agent.max_usd = 0.25;
  Step rerun{"again", "", absl::Minutes(1), StepKind::kRerun};
  rerun.times = 2;
  rerun.delay = absl::Seconds(30);
  Step report{"tell", "", absl::Minutes(1), StepKind::kReport};
  report.report = ReportKind::kIssue;
  report.source = "base";
  report.inputs = {{"WORD", "x", true, "use by format"}};
  report.from_outputs = {{"WORD", "word"}};
  plan.steps.insert(plan.steps.end(), {agent, rerun, report});
  plan.then = {{"next", {"true"}, {{"b", "make b"}}, {{"X", "1"}}, {{"version", "v"}}}};
  plan.needs = {{"make"}, 2, 1 << 30, {"packages"}};
  plan.auto_merge = plan.review = true;
  plan.outputs = {{"v", ValueType::kEnum, {"a", "b"}, "[ab]", 9}};
  plan.limits = {.open_per_repo = 3, .usd_per_day = 1.5, .cooldown = absl::Minutes(30)};
  const auto read = PlanFromJson(AsJson(plan));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(AsJson(*read).Serialize(), AsJson(plan).Serialize());
  EXPECT_EQ(read->steps[0].timeout, absl::Seconds(90));
  EXPECT_EQ(read->inputs[0].value, "x\ny");
  EXPECT_EQ(read->steps[2].when.after, agent.when.after);
  EXPECT_EQ(read->steps[2].max_usd, 0.25);
  EXPECT_EQ(read->steps[3].delay, absl::Seconds(30));
  EXPECT_EQ(read->steps[4].inputs[0].origin, "use by format");
  EXPECT_EQ(read->steps[4].from_outputs, report.from_outputs);
  EXPECT_EQ(read->then[0].steps[0].run, "make b");
  EXPECT_EQ(read->limits.cooldown, absl::Minutes(30));
  EXPECT_EQ(read->outputs[0].choices, plan.outputs[0].choices);
}

TEST(PlanJson, AStepOfANewerVersionIsAnError) {
  const auto read = PlanFromJson(
      *Json::Parse(R"({"template":"a","stage":"auto","steps":[{"name":"x","kind":"dream"}]})"));
  EXPECT_FALSE(read.ok());
}

TEST(PlanJson, AnUnknownStageIsAnError) {
  EXPECT_FALSE(PlanFromJson(*Json::Parse(R"({"template":"a","stage":"bold"})")).ok());
  EXPECT_FALSE(PlanFromJson(*Json::Parse("{}")).ok());
}

TEST(IncidentJson, ReadsBackWhatItWrote) {
  Incident incident;
  incident.id = "i";
  incident.run.key = {"github", "acme/widget", "42", 2};
  incident.run.commit = std::string(40, 'a');
  incident.run.foreign = true;
  incident.job = {"7", "build", "failure", true, "Run make", 3, "link"};
  incident.jobs = {"build", "build (2)"};
  incident.evidence.failure_class = FailureClass::kFormat;
  incident.evidence.signature = "s";
  incident.evidence.exit_code = 2;
  incident.evidence.failed_tests = {"a::b"};
  incident.evidence.diagnostics = {{"f.c", 3, 4, "bad"}};
  incident.evidence.lines = {{12, "text", "primary"}};
  incident.evidence.captures = {{"file", "f.c"}};
  incident.history = {5, 2, 1, {absl::FromUnixSeconds(1'700'000'000)}};
  incident.evidence.directory = "sub";
  incident.changed_paths = {"src/a.cc"};
  incident.labels = {"automerge"};
  EXPECT_EQ(AsJson(IncidentFromJson(AsJson(incident))).Serialize(), AsJson(incident).Serialize());
  EXPECT_EQ(AsJson(incident)["history"].Serialize(),
            R"({"seen":5,"recovered":2,"fixed":1,"flaky":true,"times":[1700000000000000]})");
}

TEST(IncidentJson, HasNoHistoryWhereAnOlderVersionWroteNone) {
  const History history = IncidentFromJson(*Json::Parse("{}")).history;
  EXPECT_EQ(history.seen, 0);
  EXPECT_FALSE(history.flaky());
}

TEST(IncidentKey, IsOneForAllRunsOfABranchAndAnotherForAnother) {
  RunFacts run;
  run.key = {"github", "acme/widget", "1", 1};
  run.base_branch = "main";
  Evidence evidence;
  evidence.fingerprint = "f";
  const std::string key = IncidentKey(run, evidence);
  run.key.run_id = "2";
  run.commit = "other";
  EXPECT_EQ(IncidentKey(run, evidence), key);
  run.base_branch = "release";
  EXPECT_NE(IncidentKey(run, evidence), key);
}

TEST(PatchDigest, DependsOnBaseAndBytes) {
  EXPECT_NE(PatchDigest("a", "bc"), PatchDigest("ab", "c"));
  EXPECT_EQ(PatchDigest("a", "b").size(), 64u);
}

TEST(FailureClass, NamesParseBack) {
  for (const std::string& name : FailureClassNames())
    EXPECT_EQ(ToString(*ParseFailureClass(name)), name);
}

}  // namespace
}  // namespace regreen
