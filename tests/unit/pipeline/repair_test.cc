#include "daemon/pipeline/repair.h"

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

class RepairTest : public testing::Test {
 protected:
  RepairTest() {
    workspaces.captured = SamplePatch();
    // Red without the patch, green with it.
    workspaces.on_exec = [](const ExecSpec& spec, bool patched) {
      return FakeWorkspaces::Exit(spec.command == "make check" && !patched ? 2 : 0,
                                  spec.command + " said so\n");
    };
  }
  StatusOr<RepairOutcome> Repair() {
    return Repairer({&workspaces, SampleGuard(), nullptr, nullptr})
        .Repair(task, MirrorAt("/mirror"), {}, log, stop.get_token());
  }

  FakeWorkspaces workspaces;
  Task task = SampleTask();
  Notes log;
  std::stop_source stop;
};

TEST_F(RepairTest, ProvesARepairInWorkspacesOfTheirOwn) {
  const auto outcome = Repair();
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, RepairOutcome::Kind::kProven);
  EXPECT_EQ(outcome->proof.red_exit_code, 2);
  EXPECT_EQ(outcome->proof.step, "regenerate");
  ASSERT_EQ(workspaces.opened.size(), 3u);
  EXPECT_THAT(workspaces.opened[0]->commands, ElementsAre("make check"));
  EXPECT_THAT(workspaces.opened[1]->commands, ElementsAre("make table"));
  EXPECT_THAT(workspaces.opened[2]->commands, ElementsAre("make check"));
  EXPECT_FALSE(workspaces.opened[1]->patched);
  EXPECT_TRUE(workspaces.opened[2]->patched);
  EXPECT_EQ(workspaces.alive, 0);
  EXPECT_THAT(log.notes, Contains(HasSubstr("reproduced: red")));
  EXPECT_THAT(log.notes, Contains(HasSubstr("verified: green")));
  EXPECT_EQ(log.kept["reproduce.log"], "make check said so\n");
}

TEST_F(RepairTest, AsksForThePlansNetworkAndKeepsWhatEveryWorkspaceReached) {
  task.plan.needs.network = {"packages"};
  ASSERT_TRUE(Repair().ok());
  ASSERT_EQ(workspaces.opened.size(), 3u);
  for (const auto& opened : workspaces.opened)
    EXPECT_THAT(opened->network, ElementsAre("packages"));
  EXPECT_EQ(log.kept["network.log"], "packages: used\npackages: used\npackages: used\n");
}

TEST_F(RepairTest, AsksForNoNetworkWhereThePlanHasNone) {
  ASSERT_TRUE(Repair().ok());
  for (const auto& opened : workspaces.opened) EXPECT_TRUE(opened->network.empty());
  EXPECT_FALSE(log.kept.contains("network.log"));
}

struct UnreproducibleCase {
  const char* name;
  int exit_code;
  bool timed_out;
  const char* says;
};

TEST_F(RepairTest, SpendsNothingOnWhatDoesNotFailHere) {
  const UnreproducibleCase cases[] = {
      {"green", 0, false, "succeeds here"},
      {"a hang", 137, true, "hangs"},
      {"a missing program", 127, false, "program that is not in the workspace"},
  };
  for (const UnreproducibleCase& c : cases) {
    SCOPED_TRACE(c.name);
    workspaces.opened.clear();
    workspaces.on_exec = [&](const ExecSpec&, bool) {
      ExecResult result = FakeWorkspaces::Exit(c.exit_code);
      result.timed_out = c.timed_out;
      return result;
    };
    const auto outcome = Repair();
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->kind, RepairOutcome::Kind::kUnreproducible);
    EXPECT_THAT(outcome->reason, HasSubstr(c.says));
    EXPECT_EQ(workspaces.opened.size(), 1u);
  }
}

TEST_F(RepairTest, GivesWorkspacesWhatThePlanNeeds) {
  task.plan.needs.cpu = 2;
  task.plan.needs.memory_bytes = 512 << 20;
  ASSERT_TRUE(Repair().ok());
  for (const auto& opened : workspaces.opened) {
    EXPECT_EQ(opened->limits.cpu, 2);
    EXPECT_EQ(opened->limits.memory_bytes, 512 << 20);
    EXPECT_EQ(opened->limits.processes, 0) << "as configured";
  }
}

TEST_F(RepairTest, TellsWhichLimitEndedTheFailingCommand) {
  workspaces.on_exec = [&](const ExecSpec&, bool) {
    ExecResult result = FakeWorkspaces::Exit(137);
    result.ended_by = "used more than the 4 GiB of memory that it may";
    return result;
  };
  const auto outcome = Repair();
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, RepairOutcome::Kind::kUnreproducible);
  EXPECT_THAT(outcome->reason, HasSubstr("used more than the 4 GiB of memory that it may, and was "
                                         "ended: it cannot be judged here"));
}

TEST_F(RepairTest, CapturesNothingOfAStepThatALimitEnded) {
  task.plan.steps = {{"greedy", "true", absl::Minutes(1)}};
  workspaces.on_exec = [&](const ExecSpec& spec, bool) {
    ExecResult result = FakeWorkspaces::Exit(spec.command == "make check" ? 2 : 137);
    if (spec.command != "make check") result.ended_by = "made more than the 10 files that it may";
    return result;
  };
  const auto outcome = Repair();
  ASSERT_TRUE(outcome.ok());
  EXPECT_NE(outcome->kind, RepairOutcome::Kind::kProven);
  EXPECT_FALSE(log.kept.contains("patch"));
}

TEST_F(RepairTest, ClimbsTheLadderUntilAStepVerifies) {
  task.plan.steps = {{"cheap", "true", absl::Minutes(1)}, {"dear", "make table", absl::Minutes(1)}};
  int verified = 0;
  workspaces.on_exec = [&](const ExecSpec& spec, bool patched) {
    const bool still_red = spec.command == "make check" && (!patched || ++verified == 1);
    return FakeWorkspaces::Exit(still_red ? 2 : 0);
  };
  const auto outcome = Repair();
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, RepairOutcome::Kind::kProven);
  EXPECT_EQ(outcome->proof.step, "dear");
  EXPECT_THAT(log.notes, Contains(HasSubstr("still red: with the patch of step cheap")));
}

TEST_F(RepairTest, VerifiesAsOftenAsTheTemplateAsks) {
  task.plan.verify_runs = 3;
  int greens = 0;
  workspaces.on_exec = [&](const ExecSpec& spec, bool patched) {
    if (spec.command != "make check" || !patched)
      return FakeWorkspaces::Exit(spec.command == "make check" ? 2 : 0);
    return FakeWorkspaces::Exit(++greens == 3 ? 1 : 0);
  };
  const auto outcome = Repair();
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, RepairOutcome::Kind::kFailed) << "two greens of three are no proof";
}

TEST_F(RepairTest, RefusesWhatTheGuardRefusesAndSaysWhy) {
  workspaces.captured = SamplePatch(".github/workflows/ci.yml");
  const auto outcome = Repair();
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, RepairOutcome::Kind::kFailed);
  EXPECT_THAT(log.notes, Contains(HasSubstr("verdict: refused by")));
  EXPECT_EQ(workspaces.opened.size(), 2u) << "a refused patch is not run";
}

TEST_F(RepairTest, AnEmptyDifferenceIsNoRepair) {
  workspaces.captured = Patch();
  EXPECT_EQ(Repair()->kind, RepairOutcome::Kind::kFailed);
  EXPECT_THAT(log.notes, Contains(HasSubstr("changed nothing")));
}

TEST_F(RepairTest, WhatCannotBeInAPatchEndsTheStepOnly) {
  workspaces.captured = InvalidArgument("pipe is a FIFO");
  EXPECT_EQ(Repair()->kind, RepairOutcome::Kind::kFailed);
  EXPECT_THAT(log.notes, Contains(HasSubstr("pipe is a FIFO")));
}

TEST_F(RepairTest, AFullDiskIsTriedAgainLater) {
  workspaces.captured = ResourceExhausted("the disk is full");
  EXPECT_TRUE(IsRetryable(Repair().status()));
  EXPECT_EQ(workspaces.alive, 0);
}

TEST_F(RepairTest, WithoutASandboxNothingRuns) {
  workspaces.probe = FailedPrecondition("no user namespaces");
  EXPECT_EQ(Repair().status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(workspaces.opened.empty());
}

TEST_F(RepairTest, StopsWhenAskedAndWhenFenced) {
  stop.request_stop();
  EXPECT_EQ(Repair().status().code(), StatusCode::kCancelled);
  stop = std::stop_source();
  log.status = FailedPrecondition("another worker has the task");
  EXPECT_EQ(Repair().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(RepairTest, InputsReachCommandsByEnvironmentAlone) {
  task.plan.inputs = {{"CAUSE", "$(rm -rf /)"}};
  std::vector<std::pair<std::string, std::string>> env;
  workspaces.on_exec = [&](const ExecSpec& spec, bool) {
    env = spec.env;
    EXPECT_EQ(spec.command.find("rm -rf"), std::string::npos);
    return FakeWorkspaces::Exit(1);
  };
  EXPECT_TRUE(Repair().ok());
  EXPECT_THAT(env,
              Contains(std::pair<std::string, std::string>("REGREEN_INPUT_CAUSE", "$(rm -rf /)")));
}

}  // namespace
}  // namespace regreen
