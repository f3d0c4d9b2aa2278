#include "daemon/pipeline/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_workspace.h"
#include "tests/support/samples.h"
#include "tests/unit/pipeline/pipeline_fixture.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Kind = RepairOutcome::Kind;

struct WhenCase {
  const char* name;
  StepWhen when;
  StepKind kind;
  int attempt;
  StepOutcome last;
  const char* why;  // "" when it is climbed
};

TEST(WhySkipped, AllOfAConditionMustHold) {
  const StepKind run = StepKind::kRun, report = StepKind::kReport;
  const WhenCase cases[] = {
      {"no condition", {}, run, 1, StepOutcome::kNone, ""},
      {"after a failure", {}, run, 1, StepOutcome::kStillRed, ""},
      {"not after green", {}, run, 1, StepOutcome::kRecovered, "green again"},
      {"not after what cannot be shown",
       {},
       run,
       1,
       StepOutcome::kUnreproducible,
       "outcome before it is unreproducible"},
      {"its class", {{"lint", "format"}}, run, 1, StepOutcome::kNone, ""},
      {"another class", {{"infra"}}, run, 1, StepOutcome::kNone, "of class infra"},
      {"an early attempt", {{}, 2}, run, 2, StepOutcome::kNone, ""},
      {"a late attempt", {{}, 2}, run, 3, StepOutcome::kNone, "is at attempt 3"},
      {"the outcome", {{}, 0, {StepOutcome::kGaveUp}}, run, 1, StepOutcome::kGaveUp, ""},
      {"another outcome",
       {{}, 0, {StepOutcome::kGaveUp}},
       run,
       1,
       StepOutcome::kRefused,
       "comes after gave-up"},
      {"a report of green",
       {{}, 0, {StepOutcome::kRecovered}},
       report,
       1,
       StepOutcome::kRecovered,
       ""},
      {"no command after green",
       {{}, 0, {StepOutcome::kRecovered}},
       run,
       1,
       StepOutcome::kRecovered,
       "green again"},
  };
  for (const WhenCase& c : cases) {
    SCOPED_TRACE(c.name);
    Step step;
    step.when = c.when;
    step.kind = c.kind;
    const std::string why = WhySkipped(step, FailureClass::kFormat, c.attempt, c.last);
    if (*c.why == '\0') {
      EXPECT_EQ(why, "");
    } else {
      EXPECT_THAT(why, HasSubstr(c.why));
    }
  }
}

TEST(RerunDelay, IsDoubledEachTimeUpToADay) {
  Step step;
  step.delay = absl::Seconds(30);
  EXPECT_EQ(RerunDelay(step, 1), absl::Seconds(30));
  EXPECT_EQ(RerunDelay(step, 3), absl::Minutes(2));
  EXPECT_EQ(RerunDelay(step, 40), absl::Hours(24));
  step.delay = absl::ZeroDuration();
  EXPECT_EQ(RerunDelay(step, 40), absl::ZeroDuration());
}

TEST(Tried, ReadsBack) {
  const auto read = TriedFromJson(TriedToJson({{"a", StepOutcome::kStillRed, "it \"failed\"\n"}}));
  ASSERT_TRUE(read.ok());
  ASSERT_THAT(*read, SizeIs(1));
  EXPECT_EQ((*read)[0].step, "a");
  EXPECT_EQ((*read)[0].outcome, StepOutcome::kStillRed);
  EXPECT_EQ((*read)[0].sentence, "it \"failed\"\n");
  EXPECT_FALSE(TriedFromJson("[").ok());
}

Step StepOf(StepKind kind, const std::string& name) {
  Step step;
  step.kind = kind;
  step.name = name;
  if (kind == StepKind::kRun) step.run = "make table";
  if (kind == StepKind::kReport) step.text = "Look at this.";
  return step;
}

class LadderTest : public testing::Test {
 protected:
  LadderTest() {
    workspaces.captured = SamplePatch();
    workspaces.on_exec = [this](const ExecSpec& spec, bool patched) {
      const bool check = spec.command == "make check";
      return FakeWorkspaces::Exit(check && !(patched && green_when_patched) ? 2 : 0);
    };
  }
  StatusOr<RepairOutcome> Climb() {
    const MirrorFolder folder = [this]() -> StatusOr<std::string> {
      ++mirrored;
      return std::string("/mirror");
    };
    return Repairer({&workspaces, SampleGuard(), nullptr, has_actions ? &actions : nullptr})
        .Repair(task, folder, earlier, log, {});
  }

  FakeWorkspaces workspaces;
  ScriptedActions actions;
  bool has_actions = true, green_when_patched = false;
  Task task = SampleTask();
  EarlierRungs earlier;
  Notes log;
  int mirrored = 0;
};

TEST_F(LadderTest, ARerunNeedsNoWorkspaceAndIsAskedForLater) {
  task.plan.steps = {StepOf(StepKind::kRerun, "again"), StepOf(StepKind::kRun, "repair")};
  task.plan.steps[0].times = 2;
  task.plan.steps[0].delay = absl::Seconds(30);
  const auto outcome = Climb();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->kind, Kind::kRerunning);
  EXPECT_EQ(outcome->ladder, (LadderPosition{0, StepOutcome::kNone, 1, 2}));
  EXPECT_EQ(outcome->delay, absl::Seconds(30));
  EXPECT_THAT(workspaces.opened, IsEmpty());
  EXPECT_EQ(mirrored, 0);
  EXPECT_THAT(actions.reruns, IsEmpty()) << "the position is committed first";
}

TEST_F(LadderTest, WhereNothingCanRunAgainTheNextRungIsClimbed) {
  task.plan.steps = {StepOf(StepKind::kRerun, "again"), StepOf(StepKind::kRun, "repair")};
  green_when_patched = true;
  has_actions = false;
  EXPECT_EQ(Climb()->kind, Kind::kProven);
  EXPECT_THAT(log.notes, Contains("step: step again: failed: the forge cannot run anything again"));
  has_actions = true;
  task.incident.run.foreign = true;
  EXPECT_EQ(Climb()->kind, Kind::kProven);
}

TEST_F(LadderTest, InShadowNothingRunsAgain) {
  task.plan.stage = Stage::kShadow;
  task.plan.steps = {StepOf(StepKind::kRerun, "again")};
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kShadowed);
  EXPECT_EQ(outcome->reason, "step again would have run the failed jobs again");
}

TEST_F(LadderTest, GoesOnFromItsPosition) {
  task.plan.steps = {StepOf(StepKind::kRerun, "again"), StepOf(StepKind::kRun, "repair")};
  task.ladder = {1, StepOutcome::kStillRed, 0, 2};
  green_when_patched = true;
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kProven);
  EXPECT_EQ(outcome->ladder.run_attempt, 2);
  EXPECT_TRUE(outcome->reproduced);
}

TEST_F(LadderTest, PassesOverWhatDoesNotFitAndSaysWhy) {
  Step infra = StepOf(StepKind::kRun, "infra");
  infra.when.classes = {"infra"};
  task.plan.steps = {infra, StepOf(StepKind::kRun, "repair")};
  green_when_patched = true;
  EXPECT_EQ(Climb()->proof.step, "repair");
  EXPECT_THAT(log.notes, Contains(HasSubstr("step infra is passed over: it is for failures of")));
  EXPECT_THAT(workspaces.opened, SizeIs(3));
}

TEST_F(LadderTest, AReportFollowsWhatWasTried) {
  task.plan.steps = {StepOf(StepKind::kRun, "repair"), StepOf(StepKind::kReport, "tell")};
  task.incident.history = {3, 1, 0, {}};
  auto outcome = Climb();
  ASSERT_EQ(outcome->kind, Kind::kPaused) << "what was tried is not tried again for the report";
  EXPECT_THAT(actions.reports, IsEmpty());
  task.ladder = outcome->ladder;
  earlier.tried = outcome->tried;
  workspaces.opened.clear();
  outcome = Climb();
  ASSERT_EQ(outcome->kind, Kind::kReported);
  EXPECT_THAT(outcome->reason, HasSubstr("https://github.example/comments/1"));
  EXPECT_THAT(workspaces.opened, IsEmpty());
  ASSERT_THAT(actions.reports, SizeIs(1));
  EXPECT_EQ(actions.reports[0].marker, "0a1b2c3d4e5f-tell");
  EXPECT_THAT(actions.reports[0].body, HasSubstr("Look at this."));
  EXPECT_THAT(actions.reports[0].body, HasSubstr("- `repair`: **still-red**. made a patch"));
  EXPECT_THAT(actions.reports[0].body, HasSubstr("seen in 3 runs before"));
  EXPECT_THAT(actions.reports[0].body, HasSubstr("flaky"));
  EXPECT_THAT(log.kept["report"], HasSubstr("Look at this."));
}

TEST_F(LadderTest, TroubleOfTheForgeRepeatsTheReportAlone) {
  task.plan.steps = {StepOf(StepKind::kReport, "tell")};
  actions.tell = Unavailable("away");
  EXPECT_TRUE(IsRetryable(Climb().status()));
  actions.tell = NotFound("issues are turned off");
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kFailed);
  EXPECT_THAT(log.notes, Contains(HasSubstr("could not tell of it: issues are turned off")));
  EXPECT_THAT(log.kept["report"], HasSubstr("Look at this."));
}

TEST_F(LadderTest, WithoutAnApiTheReportIsKept) {
  task.plan.steps = {StepOf(StepKind::kReport, "tell")};
  has_actions = false;
  EXPECT_EQ(Climb()->kind, Kind::kReported);
  EXPECT_THAT(log.kept["report"], HasSubstr("table.txt is out of date"));
  task.plan.stage = Stage::kShadow;
  EXPECT_EQ(Climb()->kind, Kind::kShadowed);
}

TEST_F(LadderTest, WhatDoesNotFailHereCanStillBeReportedOrRunAgain) {
  workspaces.on_exec = [](const ExecSpec&, bool) { return FakeWorkspaces::Exit(0); };
  Step again = StepOf(StepKind::kRerun, "again");
  again.when.after = {StepOutcome::kUnreproducible};
  task.plan.steps = {StepOf(StepKind::kRun, "repair"), StepOf(StepKind::kRun, "other"), again};
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kRerunning);
  EXPECT_EQ(outcome->ladder.next, 2);
  EXPECT_FALSE(outcome->reproduced);
  EXPECT_THAT(workspaces.opened, SizeIs(1)) << "it is reproduced once";
  task.plan.steps.pop_back();
  EXPECT_EQ(Climb()->kind, Kind::kUnreproducible);
}

TEST_F(LadderTest, GreenAgainIsReportedAndRecovers) {
  Step tell = StepOf(StepKind::kReport, "tell");
  tell.when.after = {StepOutcome::kRecovered};
  task.plan.steps = {StepOf(StepKind::kRerun, "again"), StepOf(StepKind::kRun, "repair"), tell};
  task.ladder = {1, StepOutcome::kRecovered, 0, 2};
  earlier.tried = {{"again", StepOutcome::kRecovered, "attempt 2 is green"}};
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kRecovered);
  EXPECT_THAT(workspaces.opened, IsEmpty());
  ASSERT_THAT(actions.reports, SizeIs(1));
  EXPECT_THAT(actions.reports[0].body, HasSubstr("attempt 2 is green"));
}

TEST_F(LadderTest, MissingProgramsAreNamedBeforeAnythingRuns) {
  task.plan.needs.tools = {"clang-format", "jq"};
  ExecSpec asked;
  workspaces.on_exec = [&](const ExecSpec& spec, bool) {
    asked = spec;
    return FakeWorkspaces::Exit(0, "jq\n");
  };
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kFailed);
  EXPECT_THAT(outcome->reason, HasSubstr("not in the workspace: jq"));
  EXPECT_EQ(asked.input, "clang-format\njq\n");
  EXPECT_THAT(workspaces.opened, SizeIs(1));
  EXPECT_THAT(workspaces.opened[0]->commands, SizeIs(1));
}

TEST_F(LadderTest, CountsTheTimeOfEveryCommand) {
  workspaces.on_exec = [](const ExecSpec& spec, bool) {
    ExecResult result = FakeWorkspaces::Exit(spec.command == "make check" ? 2 : 0);
    result.wall = absl::Seconds(2);
    return result;
  };
  EXPECT_EQ(Climb()->kind, Kind::kFailed);
  EXPECT_EQ(log.spent.time, absl::Seconds(6)) << "reproduced, repaired, verified";
}

TEST_F(LadderTest, APatchBeyondTheCapOfTheTemplateIsRefused) {
  task.plan.patch_max_bytes = 10;
  green_when_patched = true;
  EXPECT_EQ(Climb()->kind, Kind::kFailed);
  EXPECT_THAT(log.notes, Contains(HasSubstr("refused by max_bytes")));
  EXPECT_THAT(log.notes, Contains(HasSubstr("step regenerate: refused:")));
}

TEST_F(LadderTest, OutputsOfAStepAreInputsOfTheNext) {
  ValueSpec version{"version", ValueType::kString, {}, "[0-9.]+", 100};
  task.plan.outputs = {version, {"patch", ValueType::kPatch, {}, "", 100}};
  task.plan.steps = {StepOf(StepKind::kRun, "first"), StepOf(StepKind::kRun, "second")};
  task.plan.steps[1].from_outputs = {{"VERSION", "version"}};
  std::vector<ExecSpec> ran;
  workspaces.on_exec = [&](const ExecSpec& spec, bool) {
    if (spec.command.find("make table") != std::string::npos) ran.push_back(spec);
    if (spec.command.find("head -c") != std::string::npos)
      return FakeWorkspaces::Exit(0, "version=1.2\nother=x\nversion=1.3\n");
    return FakeWorkspaces::Exit(spec.command == "make check" ? 2 : 0);
  };
  EXPECT_EQ(Climb()->kind, Kind::kFailed);
  ASSERT_THAT(ran, SizeIs(2));
  EXPECT_THAT(ran[0].command, HasSubstr("export REGREEN_OUTPUT="));
  const std::pair<std::string, std::string> input{"REGREEN_INPUT_VERSION", "1.3"};
  EXPECT_THAT(ran[0].env, Not(Contains(input)));
  EXPECT_THAT(ran[1].env, Contains(input));
  EXPECT_EQ(log.kept["outputs"], R"({"version":"1.3"})");
  EXPECT_THAT(log.notes, Contains(HasSubstr("no output named \"other\"")));
}

}  // namespace
}  // namespace regreen
