// Limits of templates, one by one: what they hold back, how long, and what says so.
#include <gmock/gmock.h>

#include <set>

#include "tests/contract/store_contract_limits.h"

namespace regreen {
namespace {

using testing::HasSubstr;

class Limited : public LimitContract {};
INSTANTIATE_TEST_SUITE_P(Store, Limited, ::testing::ValuesIn(kStores), KindName);

TEST_P(Limited, HoldsBackWhatIsMoreThanATemplatesTasksInARepository) {
  const Limits limits{.tasks_per_repo = 1};
  const std::string first = MakeUnder(limits);
  const std::string second = MakeUnder(limits);
  const std::string elsewhere = MakeUnder(limits, {.repo = "acme/other"});
  const std::string other_template = MakeUnder(limits, {.name = "u"});
  EXPECT_EQ(ClaimTask().task.id, first);
  EXPECT_EQ(ClaimTask().task.id, elsewhere) << "another repository";
  EXPECT_EQ(ClaimTask().task.id, other_template) << "another template";
  EXPECT_TRUE(NoTaskIsDue());
  const Task held = Read(second);
  EXPECT_EQ(held.state, TaskState::kQueued);
  EXPECT_THAT(held.held_back, HasSubstr("template \"t\" has 1 task at work (tasks_per_repo is 1)"));
  EXPECT_EQ(held.reason, held.held_back);
  EXPECT_GT(held.not_before, clock_.Now());
  EXPECT_EQ(Read(first).held_back, "");
}

TEST_P(Limited, ATaskIsAtWorkFromItsClaimToItsEndAndThenMakesRoomAtOnce) {
  const Limits limits{.tasks_per_repo = 1};
  const std::string first = MakeUnder(limits);
  const std::string second = MakeUnder(limits);
  for (const TaskState to : {TaskState::kRepairing, TaskState::kRerunning, TaskState::kRepairing,
                             TaskState::kReviewing}) {
    const TaskLease lease = ClaimTask();
    ASSERT_EQ(lease.task.id, first) << ToString(to);
    EXPECT_TRUE(NoTaskIsDue()) << "while it is " << ToString(lease.task.state);
    Commit(lease, {.to = to});
  }
  EXPECT_TRUE(NoTaskIsDue()) << "it waits for a person";
  ASSERT_TRUE(store_->Move(first, TaskState::kPublishing, "approved").ok());
  for (const TaskState to : {TaskState::kWatching, TaskState::kMerged}) {
    const TaskLease lease = ClaimTask();
    ASSERT_EQ(lease.task.id, first) << ToString(to);
    EXPECT_TRUE(NoTaskIsDue());
    Commit(lease, {.to = to});
  }
  const TaskLease next = ClaimTask();
  EXPECT_EQ(next.task.id, second) << "without the clock having moved";
  EXPECT_EQ(next.task.held_back, "");
  EXPECT_EQ(next.task.reason, "by hand") << "what it was selected for";
}

TEST_P(Limited, ACancelledTaskMakesRoom) {
  const Limits limits{.tasks_per_repo = 1};
  const std::string first = MakeUnder(limits);
  const std::string second = MakeUnder(limits);
  ASSERT_EQ(ClaimTask().task.id, first);
  ASSERT_TRUE(NoTaskIsDue());
  ASSERT_TRUE(store_->Move(first, TaskState::kCancelled, "not now").ok());
  EXPECT_EQ(ClaimTask().task.id, second);
}

TEST_P(Limited, AQueuedTaskThatIsGivenBackMakesRoomAndIsCountedOnce) {
  const Limits limits{.tasks_per_repo = 1, .per_hour = 2};
  const std::string first = MakeUnder(limits);
  const std::string second = MakeUnder(limits);
  Commit(ClaimTask(), {.to = TaskState::kQueued, .delay = absl::Minutes(1), .retry = true});
  EXPECT_EQ(RunTo(TaskState::kFailed), second);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(ClaimTask().task.id, first) << "it had begun already";
}

TEST_P(Limited, AnExpiredLeaseDoesNotHoldItsOwnTaskBack) {
  const Limits limits{.tasks_per_repo = 1, .per_hour = 1};
  const std::string first = MakeUnder(limits);
  MakeUnder(limits);
  ASSERT_EQ(ClaimTask().task.id, first);
  clock_.Advance(kTtl);
  const TaskLease again = ClaimTask();
  EXPECT_EQ(again.task.id, first);
  EXPECT_EQ(again.task.attempt, 2);
  EXPECT_TRUE(NoTaskIsDue());
}

TEST_P(Limited, TakesAPlaceForAChangeFromTheStart) {
  const Limits limits{.open_per_repo = 1};
  const std::string first = MakeUnder(limits);
  const std::string second = MakeUnder(limits);
  const std::string shadow = MakeUnder(limits, {.stage = Stage::kShadow});
  const TaskLease queued = ClaimTask();
  ASSERT_EQ(queued.task.id, first);
  EXPECT_EQ(ClaimTask().task.id, shadow);
  EXPECT_THAT(Read(second).held_back, HasSubstr("has 1 change open or on the way"));
  EXPECT_EQ(Read(shadow).held_back, "") << "it will open none";
  Commit(queued, {.to = TaskState::kRepairing});
  Commit(ClaimTask(), {.to = TaskState::kUnreproducible});
  EXPECT_EQ(ClaimTask().task.id, second);
}

TEST_P(Limited, CountsWhatBeganInAnHourAndOpensWhenTheFirstLeavesTheWindow) {
  const Limits limits{.per_hour = 2};
  for (int i = 0; i < 3; ++i) MakeUnder(limits);
  RunTo(TaskState::kFailed);
  clock_.Advance(absl::Minutes(20));
  RunTo(TaskState::kFailed);
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("per_hour"), 1);
  clock_.Advance(absl::Minutes(39));
  EXPECT_TRUE(NoTaskIsDue());
  clock_.Advance(absl::Minutes(1));
  EXPECT_NE(ClaimTask().task.id, "");
  EXPECT_EQ(HeldBackBy("per_hour"), 0);
}

TEST_P(Limited, CountsWhatBeganInADay) {
  const Limits limits{.per_day = 1};
  MakeUnder(limits);
  const std::string second = MakeUnder(limits);
  RunTo(TaskState::kFailed);
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(Read(second).not_before, clock_.Now() + absl::Hours(24));
  clock_.Advance(absl::Hours(24) - absl::Milliseconds(1));
  EXPECT_TRUE(NoTaskIsDue());
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(ClaimTask().task.id, second);
}

TEST_P(Limited, StopsATemplateEverywhereWhenItsMoneyIsSpent) {
  const Limits limits{.usd_per_day = 0.3};
  for (const char* repo : {"acme/a", "acme/b"}) {
    MakeUnder(limits, {.repo = repo});
    RunTo(TaskState::kFailed, {.usd = 0.1});
    clock_.Advance(absl::Hours(1));
  }
  MakeUnder(limits, {.repo = "acme/c"});
  RunTo(TaskState::kFailed, {.usd = 0.1});
  const std::string held = MakeUnder(limits, {.repo = "acme/d"});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(held).held_back, HasSubstr("spent $0.30 in a day (usd_per_day is $0.30)"));
  const std::string other = MakeUnder(limits, {.name = "u"});
  EXPECT_EQ(ClaimTask().task.id, other) << "another template's money";
  clock_.Advance(absl::Hours(22) - absl::Milliseconds(1));
  EXPECT_THAT(store_->ClaimTask("w", kTtl)->value().task.id, other) << "its lease expired";
  EXPECT_TRUE(NoTaskIsDue());
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(ClaimTask().task.id, other);
  EXPECT_EQ(ClaimTask().task.id, held) << "the first tenth of a dollar is a day old";
}

TEST_P(Limited, StopsATemplateWhoseMinutesAreUsed) {
  const Limits limits{.minutes_per_day = 10};
  MakeUnder(limits, {.repo = "acme/a"});
  Commit(ClaimTask(), {.to = TaskState::kRepairing, .spent = {.time = absl::Minutes(4)}});
  const std::string second = MakeUnder(limits, {.repo = "acme/b"});
  Commit(ClaimTask(), {.to = TaskState::kFailed, .spent = {.time = absl::Minutes(6)}});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(second).held_back, HasSubstr("worked 10m in a day (minutes_per_day is 10)"));
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(ClaimTask().task.id, second);
}

TEST_P(Limited, LetsAFailureCoolDownInItsRepository) {
  const Limits limits{.cooldown = absl::Minutes(30)};
  MakeUnder(limits, {.fingerprint = "f1"});
  RunTo(TaskState::kFailed);
  clock_.Advance(absl::Minutes(10));
  const std::string same = MakeUnder(limits, {.name = "u", .fingerprint = "f1"});
  const std::string other = MakeUnder(limits, {.fingerprint = "f2"});
  const std::string elsewhere = MakeUnder(limits, {.repo = "acme/b", .fingerprint = "f1"});
  const std::string unknown = MakeUnder(limits);
  std::set<std::string> free;
  for (int i = 0; i < 3; ++i) free.insert(RunTo(TaskState::kFailed));
  EXPECT_EQ(free, (std::set<std::string>{other, elsewhere, unknown}));
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(same).held_back, HasSubstr("ended 10m ago (cooldown is 30m)"));
  EXPECT_EQ(Read(same).not_before, clock_.Now() + absl::Minutes(20));
  EXPECT_EQ(HeldBackBy("cooldown"), 1);
  clock_.Advance(absl::Minutes(20));
  EXPECT_EQ(ClaimTask().task.id, same);
}

TEST_P(Limited, WhatNeverBeganNeedsNoCooldown) {
  const Limits limits{.cooldown = absl::Minutes(30)};
  const std::string first = MakeUnder(limits, {.fingerprint = "f1"});
  ASSERT_TRUE(store_->Move(first, TaskState::kCancelled, "not this one").ok());
  const std::string second = MakeUnder(limits, {.fingerprint = "f1"});
  EXPECT_EQ(ClaimTask().task.id, second);
}

TEST_P(Limited, ACooldownDoesNotHoldItsNeighboursBack) {
  const Limits limits{.cooldown = absl::Hours(1)};
  MakeUnder(limits, {.fingerprint = "f0"});
  RunTo(TaskState::kFailed);
  for (int i = 0; i < 5; ++i) MakeUnder(limits, {.fingerprint = "f0"});
  const std::string free = MakeUnder(limits, {.fingerprint = "f1"});
  EXPECT_EQ(ClaimTask().task.id, free);
  EXPECT_EQ(HeldBackBy("cooldown"), 5);
}

TEST_P(Limited, AnOpenCircuitStopsATemplateEverywhereAndClosesAfterAWhile) {
  const Limits limits{.break_after = 2, .break_for = absl::Minutes(30)};
  for (const char* repo : {"acme/a", "acme/b"}) {
    MakeUnder(limits, {.repo = repo});
    RunTo(TaskState::kFailed);
  }
  const std::string held = MakeUnder(limits, {.repo = "acme/c"});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(held).held_back, HasSubstr("failed 2 times in a row (break_after is 2)"));
  clock_.Advance(absl::Minutes(30));
  EXPECT_EQ(RunTo(TaskState::kFailed), held) << "a try";
  MakeUnder(limits, {.repo = "acme/d"});
  EXPECT_TRUE(NoTaskIsDue()) << "the try failed";
  clock_.Advance(absl::Minutes(30));
  RunTo(TaskState::kShadowed);
  MakeUnder(limits);
  EXPECT_NE(ClaimTask().task.id, "") << "the try succeeded";
}

TEST_P(Limited, ASuccessElsewhereClosesTheCircuitAtOnce) {
  const Limits limits{.break_after = 1};
  MakeUnder(limits, {.repo = "acme/a"});
  MakeUnder(limits, {.repo = "acme/b"});
  const TaskLease first = ClaimTask();
  const TaskLease second = ClaimTask();
  Commit(first, {.to = TaskState::kFailed});
  const std::string held = MakeUnder(limits, {.repo = "acme/c"});
  ASSERT_TRUE(NoTaskIsDue());
  Commit(second, {.to = TaskState::kRepairing});
  Commit(ClaimTask(), {.to = TaskState::kReported});
  EXPECT_EQ(ClaimTask().task.id, held);
}

TEST_P(Limited, WhatEndsForOtherReasonsSaysNothingToTheCircuit) {
  const Limits limits{.break_after = 2};
  MakeUnder(limits);
  RunTo(TaskState::kFailed);
  MakeUnder(limits);
  RunTo(TaskState::kUnreproducible);
  MakeUnder(limits);
  RunTo(TaskState::kSuperseded);
  MakeUnder(limits);
  RunTo(TaskState::kFailed);
  MakeUnder(limits);
  EXPECT_TRUE(NoTaskIsDue());
}

TEST_P(Limited, WritesALineWhenTheLimitIsAnotherAndNotEachTime) {
  const Limits limits{.tasks_per_repo = 1, .per_hour = 1};
  MakeUnder(limits);
  const std::string held = MakeUnder(limits);
  const TaskLease first = ClaimTask();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(NoTaskIsDue());
    ASSERT_TRUE(store_->Renew(first, absl::Hours(1)).ok());
    clock_.Advance(absl::Minutes(1));
  }
  auto timeline = store_->ReadTimeline(held);
  ASSERT_EQ(timeline->size(), 2u) << "selected, held back";
  EXPECT_EQ((*timeline)[1].kind, "note");
  EXPECT_THAT((*timeline)[1].message, HasSubstr("tasks_per_repo"));
  Commit(first, {.to = TaskState::kFailed});
  EXPECT_TRUE(NoTaskIsDue());
  timeline = store_->ReadTimeline(held);
  ASSERT_EQ(timeline->size(), 3u);
  EXPECT_THAT((*timeline)[2].message, HasSubstr("per_hour"));
}

TEST_P(Limited, EveryLimitHasToHold) {
  const Limits limits{.open_per_repo = 2,
                      .tasks_per_repo = 2,
                      .per_hour = 3,
                      .per_day = 4,
                      .usd_per_day = 1,
                      .minutes_per_day = 60,
                      .cooldown = absl::Minutes(1),
                      .break_after = 3,
                      .break_for = absl::Hours(30)};
  for (int i = 0; i < 6; ++i) MakeUnder(limits, {.fingerprint = "f" + std::to_string(i)});
  const TaskLease first = ClaimTask();
  const TaskLease second = ClaimTask();
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("tasks_per_repo"), 4);
  Commit(first, {.to = TaskState::kFailed});
  Commit(second, {.to = TaskState::kFailed});
  RunTo(TaskState::kSuperseded);
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("per_hour"), 3);
  clock_.Advance(absl::Hours(1));
  RunTo(TaskState::kFailed, {.usd = 1});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("break_after"), 2);
  clock_.Advance(absl::Hours(23));
  EXPECT_TRUE(NoTaskIsDue());
  clock_.Advance(absl::Hours(8));
  RunTo(TaskState::kSuperseded);
}

}  // namespace
}  // namespace regreen
