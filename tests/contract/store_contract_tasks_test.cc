// Tasks: leased to one worker, moved by the table alone, fenced.
#include <cmath>

#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

class TaskContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Store, TaskContract, ::testing::ValuesIn(kStores), KindName);

TEST_P(TaskContract, LeasesEachTaskToOneWorkerOldestFirst) {
  const std::string first = MakeTask();
  clock_.Advance(absl::Seconds(1));
  const std::string second = MakeTask();
  EXPECT_EQ(ClaimTask("w1").task.id, first);
  EXPECT_EQ(ClaimTask("w2").task.id, second);
  EXPECT_TRUE(NoTaskIsDue());
}

TEST_P(TaskContract, GivesTheWholeTaskWithTheLease) {
  const std::string id = MakeTask("acme/shop", "lint");
  const TaskLease lease = ClaimTask("w1");
  EXPECT_EQ(lease.worker, "w1");
  EXPECT_EQ(lease.task.id, id);
  EXPECT_EQ(lease.task.incident_id, "") << "a task by hand has no incident";
  EXPECT_EQ(lease.task.plan.template_name, "lint");
  EXPECT_EQ(lease.task.plan.verify_command, "npm ci");
  EXPECT_EQ(lease.task.incident.run.key.repo, "acme/shop");
  EXPECT_EQ(lease.task.reason, "by hand");
  EXPECT_GT(lease.task.lease_epoch, 0);
}

TEST_P(TaskContract, FencesAWorkerWhoseLeaseExpired) {
  const std::string id = MakeTask();
  const TaskLease late = ClaimTask("w1");
  clock_.Advance(kTtl);
  const TaskLease now = ClaimTask("w2");
  EXPECT_EQ(now.task.id, id);
  EXPECT_EQ(now.task.lease_epoch, late.task.lease_epoch + 1);
  EXPECT_EQ(now.task.attempt, 2) << "the worker may have died of this task";

  const TimelineEntry entry{clock_.Now(), "note", "late"};
  EXPECT_EQ(store_->Renew(late, kTtl).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->Append(late, {&entry, 1}, {}).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->Commit(late, {.to = TaskState::kRepairing, .timeline = {entry}}).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->ReadTimeline(id)->size(), 1u) << "a fenced write leaves nothing";
  EXPECT_TRUE(store_->Commit(now, {.to = TaskState::kRepairing}).ok());
}

TEST_P(TaskContract, KeepsALeaseThatIsRenewed) {
  MakeTask();
  const TaskLease lease = ClaimTask("w1");
  clock_.Advance(kTtl - absl::Seconds(1));
  ASSERT_TRUE(store_->Renew(lease, kTtl).ok());
  clock_.Advance(kTtl - absl::Seconds(1));
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_TRUE(store_->Commit(lease, {.to = TaskState::kRepairing}).ok());
}

TEST_P(TaskContract, CommitsUnderOneLeaseOnce) {
  MakeTask();
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(store_->Commit(lease, {.to = TaskState::kRepairing}).ok());
  EXPECT_EQ(store_->Commit(lease, {.to = TaskState::kFailed}).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->Renew(lease, kTtl).code(), StatusCode::kFailedPrecondition);
}

TEST_P(TaskContract, RetriesAfterTheDelayWithOneMoreAttempt) {
  const std::string id = MakeTask();
  Advance(TaskState::kRepairing);
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(store_
                  ->Commit(lease, {.to = TaskState::kRepairing,
                                   .reason = "the mirror is down",
                                   .delay = absl::Seconds(5),
                                   .retry = true})
                  .ok());
  const Task task = Read(id);
  EXPECT_EQ(task.state, TaskState::kRepairing);
  EXPECT_EQ(task.attempt, 2);
  EXPECT_EQ(task.reason, "the mirror is down");
  EXPECT_EQ(task.not_before, clock_.Now() + absl::Seconds(5));
  clock_.Advance(absl::Seconds(4));
  EXPECT_TRUE(NoTaskIsDue());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(ClaimTask().task.attempt, 2);
}

TEST_P(TaskContract, CountsAttemptsFromOneInEachState) {
  const std::string id = MakeTask();
  ASSERT_TRUE(store_->Commit(ClaimTask(), {.retry = true}).ok());
  ASSERT_EQ(Read(id).attempt, 2);
  Advance(TaskState::kRepairing);
  EXPECT_EQ(Read(id).attempt, 1);
}

TEST_P(TaskContract, WhatIsPutOffWasNoAttempt) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  ASSERT_TRUE(store_->Commit(ClaimTask(), {.retry = true}).ok());
  ASSERT_TRUE(store_
                  ->Commit(ClaimTask(), {.to = TaskState::kRepairing,
                                         .reason = "a limit",
                                         .delay = absl::Minutes(3),
                                         .put_off = true})
                  .ok());
  EXPECT_EQ(Read(id).attempt, 2) << "neither one more, nor begun anew";
  EXPECT_EQ(Read(id).not_before, clock_.Now() + absl::Minutes(3));
}

TEST_P(TaskContract, LooksAgainLaterWithoutAMove) {
  const std::string id = MakeTaskIn(TaskState::kWatching);
  const std::size_t entries = store_->ReadTimeline(id)->size();
  ASSERT_TRUE(
      store_
          ->Commit(ClaimTask(),
                   {.to = TaskState::kWatching, .reason = "CI runs", .delay = absl::Minutes(1)})
          .ok());
  EXPECT_EQ(Read(id).state, TaskState::kWatching);
  EXPECT_EQ(Read(id).attempt, 1);
  EXPECT_EQ(store_->ReadTimeline(id)->size(), entries) << "looking is not worth a line";
  EXPECT_TRUE(NoTaskIsDue());
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(ClaimTask().task.id, id);
}

TEST_P(TaskContract, AllowsAWorkerTheMovesOfTheTableAndNoOther) {
  for (const TaskState from : ClaimableStates()) {
    for (const TaskState to : AllTaskStates()) {
      if (from == to) continue;
      const std::string id = MakeTaskIn(from);
      const bool allowed = IsAllowed(from, Mover::kWorker, to) ||
                           IsAllowed(from, Mover::kRunEvent, to) ||
                           IsAllowed(from, Mover::kForgeEvent, to);
      const TaskLease lease = ClaimTask();
      ASSERT_EQ(lease.task.id, id);
      const Status status = store_->Commit(lease, {.to = to, .reason = "table"});
      EXPECT_EQ(status.code(), allowed ? StatusCode::kOk : StatusCode::kInvalidArgument)
          << ToString(from) << " to " << ToString(to) << ": " << Message(status);
      EXPECT_EQ(Read(id).state, allowed ? to : from);
      // Out of the way of the next pair.
      if (!IsTerminal(Read(id).state)) {
        EXPECT_TRUE(store_->Move(id, TaskState::kCancelled, "next").ok()) << ToString(to);
      }
    }
  }
}

TEST_P(TaskContract, AllowsAPersonTheMovesOfTheTableAndNoOther) {
  for (const TaskState from : AllTaskStates()) {
    for (const TaskState to : AllTaskStates()) {
      const std::string id = MakeTaskIn(from);
      const bool allowed = IsAllowed(from, Mover::kPerson, to);
      const Status status = store_->Move(id, to, "a person");
      EXPECT_EQ(status.code(), allowed ? StatusCode::kOk : StatusCode::kInvalidArgument)
          << ToString(from) << " to " << ToString(to) << ": " << Message(status);
      EXPECT_EQ(Read(id).state, allowed ? to : from);
      if (!IsTerminal(Read(id).state)) {
        EXPECT_TRUE(store_->Move(id, TaskState::kCancelled, "next").ok()) << ToString(to);
      }
    }
  }
}

TEST_P(TaskContract, LeasesOnlyWhatAWorkerCanMove) {
  for (const TaskState state : AllTaskStates()) {
    const std::string id = MakeTaskIn(state);
    const auto states = ClaimableStates();
    const bool claimable = std::find(states.begin(), states.end(), state) != states.end();
    const auto lease = store_->ClaimTask("w", kTtl);
    ASSERT_TRUE(lease.ok());
    EXPECT_EQ(lease->has_value(), claimable) << ToString(state);
    if (!IsTerminal(state)) {
      EXPECT_TRUE(store_->Move(id, TaskState::kCancelled, "next").ok());
    }
  }
}

TEST_P(TaskContract, FencesTheHolderWhenAPersonMovesTheTask) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(store_->Move(id, TaskState::kCancelled, "wrong repository").ok());
  EXPECT_EQ(store_->Commit(lease, {.to = TaskState::kRepairing}).code(),
            StatusCode::kFailedPrecondition);
  const Task task = Read(id);
  EXPECT_EQ(task.state, TaskState::kCancelled);
  EXPECT_EQ(task.reason, "wrong repository");
}

TEST_P(TaskContract, QueuesAHeldTaskThatAPersonApproves) {
  const std::string id = MakeTaskIn(TaskState::kHeld);
  EXPECT_TRUE(NoTaskIsDue());
  ASSERT_TRUE(store_->Move(id, TaskState::kQueued, "approved").ok());
  EXPECT_EQ(ClaimTask().task.id, id);
}

TEST_P(TaskContract, SaysThatAnUnknownTaskIsNotThere) {
  EXPECT_EQ(store_->Move("000000000000", TaskState::kQueued, "x").code(), StatusCode::kNotFound);
}

TEST_P(TaskContract, WritesAllThatACommitBrings) {
  const std::string id = MakeTaskIn(TaskState::kPublishing);
  TaskUpdate update{.to = TaskState::kWatching, .reason = "opened"};
  update.patch_digest = "d1";
  update.branch = "regreen/x-12345678";
  update.pushed_commit = "c1";
  update.change = Change{42, "change/42", true};
  update.plan = MakePlan("renamed");
  update.artifacts = {{"patch", "diff"}};
  ASSERT_TRUE(store_->Commit(ClaimTask(), update).ok());
  const Task task = Read(id);
  EXPECT_EQ(task.patch_digest, "d1");
  EXPECT_EQ(task.branch, "regreen/x-12345678");
  EXPECT_EQ(task.pushed_commit, "c1");
  ASSERT_TRUE(task.change.has_value());
  EXPECT_EQ(task.change->number, 42);
  EXPECT_EQ(task.change->link, "change/42");
  EXPECT_TRUE(task.change->created);
  EXPECT_EQ(task.plan.template_name, "renamed");
  EXPECT_EQ(*store_->ReadArtifact(id, "patch"), "diff");

  ASSERT_TRUE(store_->Commit(ClaimTask(), {.to = TaskState::kMerged}).ok());
  EXPECT_EQ(Read(id).patch_digest, "d1") << "what a commit does not bring stays";
  EXPECT_EQ(Read(id).change->number, 42);
}

TEST_P(TaskContract, RemembersTheLadderAndAddsUpWhatStepsCost) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  EXPECT_EQ(Read(id).ladder, LadderPosition());
  EXPECT_FALSE(Read(id).reproduced);
  TaskUpdate update{.to = TaskState::kRerunning, .reason = "runs again"};
  update.ladder = LadderPosition{2, StepOutcome::kStillRed, 1, 3};
  update.spent = {0.25, absl::Milliseconds(1500)};
  update.reproduced = true;
  ASSERT_TRUE(store_->Commit(ClaimTask(), update).ok());
  ASSERT_TRUE(
      store_->Commit(ClaimTask(), {.to = TaskState::kRepairing, .spent = {0.1, absl::Seconds(2)}})
          .ok());
  const Task task = ClaimTask().task;
  EXPECT_EQ(task.id, id);
  EXPECT_EQ(task.ladder, (LadderPosition{2, StepOutcome::kStillRed, 1, 3}));
  EXPECT_DOUBLE_EQ(task.spent.usd, 0.35);
  EXPECT_EQ(task.spent.time, absl::Milliseconds(3500));
  EXPECT_TRUE(task.reproduced) << "it is remembered from then on";
  store_ = Open();
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.35);
  EXPECT_EQ(Read(id).ladder.run_attempt, 3);
}

TEST_P(TaskContract, TakesNoNonsenseForACost) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  for (const double usd : {-5.0, std::nan("")}) {
    ASSERT_TRUE(store_
                    ->Commit(ClaimTask(), {.to = TaskState::kRepairing,
                                           .spent = {usd, -absl::InfiniteDuration()}})
                    .ok());
    EXPECT_EQ(Read(id).spent.usd, 0);
    EXPECT_EQ(Read(id).spent.time, absl::ZeroDuration());
  }
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(store_
                    ->Commit(ClaimTask(), {.to = TaskState::kRepairing,
                                           .spent = {HUGE_VAL, absl::InfiniteDuration()}})
                    .ok());
  }
  EXPECT_GT(Read(id).spent.usd, 0);
  EXPECT_GT(Read(id).spent.time, absl::Hours(1));
}

TEST_P(TaskContract, RefusedMovesLeaveNothing) {
  const std::string id = MakeTask();
  TaskUpdate update{.to = TaskState::kMerged, .reason = "no"};
  update.timeline = {{clock_.Now(), "note", "never"}};
  update.artifacts = {{"patch", "diff"}};
  update.branch = "b";
  update.spent.usd = 1;
  update.ladder = LadderPosition{.next = 1};
  EXPECT_EQ(store_->Commit(ClaimTask(), update).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->ReadTimeline(id)->size(), 1u);
  EXPECT_EQ(store_->ReadArtifact(id, "patch").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Read(id).branch, "");
  EXPECT_EQ(Read(id).spent.usd, 0);
  EXPECT_EQ(Read(id).ladder.next, 0);
}

TEST_P(TaskContract, AppendsWithoutLosingTheLease) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  const TimelineEntry entry{clock_.Now() - absl::Seconds(3), "reproduced", "npm ci fails here"};
  const Artifact log{"reproduce.log", "npm ERR!"};
  ASSERT_TRUE(store_->Append(lease, {&entry, 1}, {&log, 1}).ok());
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(Read(id).state, TaskState::kQueued);
  EXPECT_EQ(*store_->ReadArtifact(id, "reproduce.log"), "npm ERR!");
  EXPECT_TRUE(store_->Commit(lease, {.to = TaskState::kRepairing}).ok());
  const auto timeline = store_->ReadTimeline(id);
  ASSERT_EQ(timeline->size(), 3u);
  EXPECT_EQ((*timeline)[1].kind, "reproduced");
  EXPECT_EQ((*timeline)[1].at, entry.at);
}

}  // namespace
}  // namespace regreen
