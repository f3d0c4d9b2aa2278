#include "daemon/pipeline/rerun.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/pipeline/runner.h"
#include "tests/support/fake_workspace.h"
#include "tests/support/samples.h"
#include "tests/unit/pipeline/pipeline_fixture.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct FakeRecords final : public Records {
  StatusOr<std::vector<Task>> ListTasks(const TaskFilter&) override { return std::vector<Task>(); }
  StatusOr<Task> ReadTask(const std::string&) override { return NotFound("no task"); }
  StatusOr<std::vector<TimelineEntry>> ReadTimelineAfter(const std::string&, std::int64_t,
                                                         int) override {
    return std::vector<TimelineEntry>();
  }
  StatusOr<std::vector<ArtifactRow>> ListArtifacts(const std::string&) override {
    return std::vector<ArtifactRow>();
  }
  StatusOr<std::vector<TimelineEntry>> ReadTimeline(const std::string&) override {
    return timeline;
  }
  StatusOr<std::string> ReadArtifact(const std::string&, const std::string& name) override {
    const auto found = artifacts.find(name);
    if (found == artifacts.end()) return NotFound("no artifact");
    return found->second;
  }
  StatusOr<std::vector<Decision>> ListDecisions(int) override { return std::vector<Decision>(); }
  StatusOr<StoreCounts> Count() override { return StoreCounts(); }
  StatusOr<History> ReadHistory(const RunKey&, const std::string&) override { return History(); }
  StatusOr<std::vector<std::string>> MergedTasks(const RunKey&, const std::string&, int) override {
    return std::vector<std::string>();
  }
  StatusOr<GreenWaits> WaitsForGreen(const RunHint&) override { return GreenWaits(); }
  std::vector<TimelineEntry> timeline;
  std::map<std::string, std::string> artifacts;
};

// A task whose first rung runs the jobs again, three times at most, and waits for attempt 2.
class RerunTest : public testing::Test {
 protected:
  RerunTest() {
    auto owned = std::make_unique<ScriptedForge>();
    forge = owned.get();
    adapters.forges["github"] = std::move(owned);
    Step again;
    again.kind = StepKind::kRerun;
    again.name = "again";
    again.times = 3;
    again.delay = absl::Seconds(30);
    task.plan.steps.insert(task.plan.steps.begin(), again);
    task.state = TaskState::kRerunning;
    task.ladder = {0, StepOutcome::kNone, 1, 2};
    task.updated_at = absl::FromUnixSeconds(1'700'000'000);
    forge->runs = {{1, task.incident.run}};
  }
  StatusOr<TaskUpdate> Run() {
    RunnerDependencies deps;
    deps.adapters = &adapters;
    deps.workspaces = &workspaces;
    deps.records = &records;
    deps.policies = &policies;
    return TaskRunner(deps).Run(task, log, {});
  }
  void Answer(void (*change)(RunFacts&)) {
    RunFacts run = task.incident.run;
    run.key.attempt = task.ladder.run_attempt;
    change(run);
    forge->run = run;
  }
  static void Green(RunFacts& run) {
    run.failed = false;
    run.passed = true;
  }
  static void Red(RunFacts&) {}
  void AskedAt(absl::Time at) {
    records.timeline = {{at, "rerun", "asks for attempt 2 of run 42"}};
  }

  static std::shared_ptr<const Policies> OnlyAGuard() {
    Policies policies;
    policies.templates = std::make_shared<PolicySet>(std::vector<Template>(), "digest");
    policies.guard = SampleGuard();
    return std::make_shared<Policies>(std::move(policies));
  }

  FakeWorkspaces workspaces;
  FakeRecords records;
  LivePolicies policies{OnlyAGuard(), absl::UnixEpoch()};
  Adapters adapters;
  ScriptedForge* forge = nullptr;
  Task task = SampleTask();
  Notes log;
};

TEST_F(RerunTest, AsksForTheAttemptThatIsNotThere) {
  const auto update = Run();
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->to, TaskState::kRerunning);
  EXPECT_EQ(update->delay, absl::Minutes(2));
  EXPECT_FALSE(update->ladder.has_value()) << "the position stays";
  ASSERT_THAT(forge->fake_actions.reruns, SizeIs(1));
  EXPECT_EQ(forge->fake_actions.reruns[0].attempt, 1) << "the one that is to be followed";
  EXPECT_EQ(forge->hints[0].key.attempt, 2);
  EXPECT_THAT(log.notes, Contains("rerun: asks for attempt 2 of run 42"));
  AskedAt(task.updated_at);
  log.notes.clear();
  EXPECT_TRUE(Run().ok());
  EXPECT_THAT(log.notes, IsEmpty()) << "told once";
}

TEST_F(RerunTest, DoesNotAskForWhatNobodyWaitsForAnyMore) {
  RunFacts moved_on = task.incident.run;
  moved_on.superseded = true;
  moved_on.superseded_why = "main moved on";
  forge->runs = {{1, moved_on}};
  const auto update = Run();
  EXPECT_EQ(update->to, TaskState::kSuperseded);
  EXPECT_EQ(update->reason, "superseded: main moved on");
  EXPECT_THAT(forge->fake_actions.reruns, IsEmpty());
}

TEST_F(RerunTest, WaitsWhileItGoesOn) {
  Answer([](RunFacts& run) { run.completed = run.failed = false; });
  EXPECT_EQ(Run()->to, TaskState::kRerunning);
  EXPECT_THAT(forge->fake_actions.reruns, IsEmpty());
  forge->run = Unavailable("not yet");
  forge->fake_actions.rerun = Unavailable("still going on");
  EXPECT_EQ(Run()->to, TaskState::kRerunning);
}

TEST_F(RerunTest, GreenIsRecoveredWithItsHistory) {
  Answer(Green);
  task.incident.history = {4, 1, 0, {}};
  const auto update = Run();
  EXPECT_EQ(update->to, TaskState::kRecovered);
  EXPECT_THAT(update->reason, HasSubstr("seen in 4 runs before, of which 1 recovered"));
  EXPECT_THAT(workspaces.opened, IsEmpty());
  EXPECT_EQ(update->ladder->run_attempt, 2);
}

TEST_F(RerunTest, RedIsRunAgainWithTwiceTheDelayUntilItsTimesAreOver) {
  Answer(Red);
  auto update = Run();
  EXPECT_EQ(update->to, TaskState::kRerunning);
  EXPECT_EQ(update->ladder, (LadderPosition{0, StepOutcome::kNone, 2, 3}));
  EXPECT_EQ(update->delay, absl::Minutes(1));
  task.ladder = {0, StepOutcome::kNone, 3, 4};
  Answer(Red);
  update = Run();
  EXPECT_EQ(update->to, TaskState::kRepairing);
  EXPECT_EQ(update->ladder, (LadderPosition{1, StepOutcome::kStillRed, 0, 4}));
  ASSERT_THAT(update->artifacts, SizeIs(1));
  EXPECT_THAT(update->artifacts[0].bytes, HasSubstr("attempt 4 failed again"));
}

TEST_F(RerunTest, WhatTheForgeRefusesIsFollowedByTheNextRung) {
  forge->fake_actions.rerun = FailedPrecondition("it is too old");
  const auto update = Run();
  EXPECT_EQ(update->to, TaskState::kRepairing);
  EXPECT_EQ(update->ladder, (LadderPosition{1, StepOutcome::kFailed, 0, 1}));
  EXPECT_EQ(update->reason, "it is too old");
}

TEST_F(RerunTest, ARunThatEndsNeitherWayIsFollowedByTheNextRung) {
  Answer([](RunFacts& run) {
    run.failed = false;
    run.conclusion = "cancelled";
  });
  EXPECT_EQ(Run()->ladder, (LadderPosition{1, StepOutcome::kFailed, 0, 2}));
}

TEST_F(RerunTest, IsNotWaitedForLongerThanADay) {
  AskedAt(task.updated_at - absl::Hours(25));
  auto update = Run();
  EXPECT_EQ(update->to, TaskState::kRepairing);
  EXPECT_THAT(update->reason, HasSubstr("did not end in 24h"));
  EXPECT_EQ(update->ladder->run_attempt, 1) << "it never began";
  Answer([](RunFacts& run) { run.completed = run.failed = false; });
  update = Run();
  EXPECT_EQ(update->ladder->run_attempt, 2) << "it began, and goes on";
  EXPECT_THAT(forge->fake_actions.reruns, IsEmpty());
}

TEST_F(RerunTest, SomeoneElsesAttemptSupersedesARedOneOnly) {
  Answer([](RunFacts& run) {
    run.superseded = true;
    run.superseded_why = "attempt 3 of the run has begun";
  });
  EXPECT_EQ(Run()->to, TaskState::kSuperseded);
  Answer([](RunFacts& run) {
    Green(run);
    run.superseded = true;
  });
  EXPECT_EQ(Run()->to, TaskState::kRecovered);
}

TEST_F(RerunTest, TroubleOfTheForgeIsNotTakenForAnAnswer) {
  forge->run = ResourceExhausted("slow down");
  EXPECT_EQ(Run().status().code(), StatusCode::kResourceExhausted);
  task.attempt = 100;
  EXPECT_EQ(AfterError(task, Unavailable("away"), 0).to, TaskState::kRerunning);
}

TEST_F(RerunTest, APositionBeyondThePlanIsOurBug) {
  task.ladder.next = 7;
  EXPECT_EQ(Run().status().code(), StatusCode::kInternal);
}

// ---- what follows a proof ----

class ProvenTest : public RerunTest {
 protected:
  ProvenTest() {
    task.state = TaskState::kRepairing;
    task.plan.steps.erase(task.plan.steps.begin());
    task.ladder = {};
    workspaces.captured = SamplePatch();
    workspaces.on_exec = [](const ExecSpec& spec, bool patched) {
      return FakeWorkspaces::Exit(spec.command == "make check" && !patched ? 2 : 0);
    };
  }
  StatusOr<TaskUpdate> Repair() {
    FakeMirror mirror;
    RunnerDependencies deps;
    deps.adapters = &adapters;
    deps.mirror = &mirror;
    deps.workspaces = &workspaces;
    deps.records = &records;
    deps.policies = &policies;
    return TaskRunner(deps).Run(task, log, {});
  }
  static bool Has(const TaskUpdate& update, const std::string& artifact) {
    return std::any_of(update.artifacts.begin(), update.artifacts.end(),
                       [&](const Artifact& one) { return one.name == artifact; });
  }

  struct FakeMirror final : public Mirror {
    StatusOr<std::string> Ensure(const GitRemote&, const std::string&, std::stop_token) override {
      return std::string("/mirror");
    }
    StatusOr<std::optional<std::string>> RemoteTip(const GitRemote&, const std::string&,
                                                   std::stop_token) override {
      return std::optional<std::string>();
    }
    StatusOr<ResolvedRef> Resolve(const GitRemote&, const std::string&, std::stop_token) override {
      return NotFound("no ref");
    }
    StatusOr<std::string> ReadFileAt(const std::string&, const std::string&, const std::string&,
                                     std::size_t) override {
      return NotFound("no file");
    }
    StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolderAt(
        const std::string&, const std::string&, const std::string&, const FolderLimits&) override {
      return NotFound("no folder");
    }
    StatusOr<std::vector<std::string>> ChangedPaths(const std::string&, const std::string&,
                                                    std::size_t) override {
      return std::vector<std::string>();
    }
    StatusOr<bool> Contains(const std::string&, const std::string&, const std::string&) override {
      return false;
    }
  };
};

TEST_F(ProvenTest, GoesWhereStageAndReviewSay) {
  auto update = Repair();
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->to, TaskState::kPublishing);
  EXPECT_TRUE(update->reproduced);
  EXPECT_TRUE(Has(*update, "patch") && Has(*update, "proof"));
  task.plan.review = true;
  update = Repair();
  EXPECT_EQ(update->to, TaskState::kReviewing);
  EXPECT_TRUE(Has(*update, "request")) << "what a person is to look at";
  task.plan.stage = Stage::kShadow;
  EXPECT_EQ(Repair()->to, TaskState::kShadowed);
}

TEST_F(ProvenTest, AClimbThatBeginsAnewForgetsAnEarlierTryOfIt) {
  records.artifacts["tried"] = R"([{"step":"old","outcome":"still-red","sentence":"x"}])";
  const auto update = Repair();
  ASSERT_EQ(update->artifacts.at(0).name, "tried");
  EXPECT_THAT(update->artifacts[0].bytes, testing::Not(HasSubstr("old")));
}

// ---- an open change that merges itself ----

class MergeTest : public RerunTest {
 protected:
  MergeTest() {
    task.state = TaskState::kWatching;
    task.plan.stage = Stage::kAuto;
    task.plan.auto_merge = true;
    task.change = Change{1, "https://github.example/pull/1", true};
    task.pushed_commit = std::string(40, 'c');
    task.reason = "opened it";
    const Proof proof{SamplePatch(), "regenerate", 1};
    records.artifacts["proof"] = ProofToJson(proof);
    records.artifacts["patch"] = proof.patch.bytes;
  }
};

TEST_F(MergeTest, IsAskedForByWhatWasPushed) {
  auto update = Run();
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->to, TaskState::kWatching);
  EXPECT_THAT(forge->fake_actions.merges, testing::ElementsAre(task.pushed_commit));
  EXPECT_THAT(update->timeline, SizeIs(1));
  task.reason = update->reason;
  EXPECT_THAT(Run()->timeline, IsEmpty()) << "told once";
}

TEST_F(MergeTest, ARefusalIsNotedAndTheChangeStaysOpen) {
  forge->fake_actions.merge = FailedPrecondition("auto merge is not allowed");
  const auto update = Run();
  EXPECT_EQ(update->to, TaskState::kWatching);
  EXPECT_THAT(update->reason, HasSubstr("auto merge is not allowed"));
  forge->fake_actions.merge = ResourceExhausted("slow down");
  EXPECT_FALSE(Run().ok());
}

TEST_F(MergeTest, OnlyTheStageAutoMerges) {
  task.plan.stage = Stage::kSuggest;
  EXPECT_EQ(Run()->reason, "opened it");
  task.plan.stage = Stage::kAuto;
  forge->acts = false;
  EXPECT_EQ(Run()->reason, "opened it");
  EXPECT_THAT(forge->fake_actions.merges, IsEmpty());
}

}  // namespace
}  // namespace regreen
