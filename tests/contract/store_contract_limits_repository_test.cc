// Limits of repositories, limits over restarts, and what is held back beside what is not.
#include <gmock/gmock.h>

#include <set>

#include "tests/contract/store_contract_limits.h"

namespace regreen {
namespace {

using testing::HasSubstr;

class RepositoryLimited : public LimitContract {};
INSTANTIATE_TEST_SUITE_P(Store, RepositoryLimited, ::testing::ValuesIn(kStores), KindName);

TEST_P(RepositoryLimited, CountsTheTasksOfAllTemplates) {
  store_ = Open({.per_repo = {.tasks_per_repo = 2}});
  for (const char* name : {"a", "b", "c"}) MakeUnder({}, {.name = name});
  const std::string elsewhere = MakeUnder({}, {.repo = "acme/other"});
  const TaskLease first = ClaimTask();
  ClaimTask();
  EXPECT_EQ(ClaimTask().task.id, elsewhere);
  EXPECT_TRUE(NoTaskIsDue());
  const auto queued = store_->ListTasks({.state = TaskState::kQueued, .repo = "acme/shop"});
  ASSERT_EQ(queued->size(), 3u);
  EXPECT_THAT(queued->front().held_back,
              HasSubstr("repository acme/shop has 2 tasks at work (tasks_per_repo is 2)"));
  EXPECT_EQ(HeldBackBy("tasks_per_repo"), 1);
  Commit(first, {.to = TaskState::kFailed});
  EXPECT_EQ(ClaimTask().task.plan.template_name, "c");
}

TEST_P(RepositoryLimited, CountsItsChangesItsDaysAndItsMoney) {
  store_ = Open({.per_repo = {.open_per_repo = 1}});
  MakeUnder({}, {.name = "a"});
  MakeUnder({}, {.name = "b"});
  ClaimTask();
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("open_per_repo"), 1);

  store_ = Open({.per_repo = {.per_day = 1}});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("per_day"), 1);
  store_ = Open({.per_repo = {.per_hour = 1}});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("per_hour"), 1);

  store_ = Open({.per_repo = {.usd_per_day = 1, .minutes_per_day = 5}});
  EXPECT_EQ(RunTo(TaskState::kFailed, {2, absl::Minutes(1)}).empty(), false);
  MakeUnder({}, {.name = "c"});
  const std::string elsewhere = MakeUnder({}, {.repo = "acme/other", .name = "c"});
  EXPECT_EQ(ClaimTask().task.id, elsewhere);
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("usd_per_day"), 1);
  store_ = Open({.per_repo = {.minutes_per_day = 1}});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("minutes_per_day"), 1);
}

TEST_P(RepositoryLimited, HasACooldownOfItsOwn) {
  store_ = Open({.per_repo = {.cooldown = absl::Minutes(5)}});
  MakeUnder({}, {.fingerprint = "f"});
  RunTo(TaskState::kFailed);
  const std::string held = MakeUnder({}, {.name = "u", .fingerprint = "f"});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(held).held_back, HasSubstr("repository acme/shop cools down"));
  store_ = Open({.per_repo = {.cooldown = absl::Minutes(1)}});
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(ClaimTask().task.id, held) << "a shorter one is in force";
}

TEST_P(RepositoryLimited, HoldOverARestartAndChangeWithIt) {
  store_ = Open({.per_repo = {.tasks_per_repo = 1}});
  for (int i = 0; i < 3; ++i) MakeUnder({});
  const TaskLease first = ClaimTask();
  EXPECT_TRUE(NoTaskIsDue());
  store_ = Open({.per_repo = {.tasks_per_repo = 1}});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("tasks_per_repo"), 2);
  store_ = Open({.per_repo = {.tasks_per_repo = 2}});
  EXPECT_NE(ClaimTask().task.id, first.task.id);
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("tasks_per_repo"), 1);
}

TEST_P(RepositoryLimited, ManyThatWaitDoNotStandInTheWayOfOthers) {
  const Limits limits{.tasks_per_repo = 1};
  std::set<std::string> waiting;
  for (int i = 0; i < 300; ++i) waiting.insert(MakeUnder(limits));
  clock_.Advance(absl::Seconds(1));
  const std::string other = MakeUnder(limits, {.repo = "acme/other"});
  EXPECT_EQ(waiting.count(ClaimTask().task.id), 1u);
  EXPECT_EQ(ClaimTask().task.id, other);
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_EQ(HeldBackBy("tasks_per_repo"), 299);
  EXPECT_EQ(store_->Count()->pending_tasks, 0) << "what is held back does not wait for a worker";
}

TEST_P(RepositoryLimited, ManyRepositoriesThatWaitAreSteppedOverByAFewClaims) {
  const Limits limits{.tasks_per_repo = 1};
  for (int i = 0; i < 250; ++i) {
    MakeUnder(limits, {.repo = "acme/" + std::to_string(i)});
    ClaimTask();
  }
  for (int i = 0; i < 250; ++i) MakeUnder(limits, {.repo = "acme/" + std::to_string(i)});
  clock_.Advance(absl::Seconds(1));
  const std::string free = MakeUnder(limits, {.repo = "acme/free"});
  int claims = 0;
  for (bool found = false; !found && claims < 5; ++claims) {
    const auto lease = store_->ClaimTask("w", kTtl);
    ASSERT_TRUE(lease.ok()) << Message(lease.status());
    found = lease->has_value() && (*lease)->task.id == free;
  }
  EXPECT_LE(claims, 3);
}

TEST_P(RepositoryLimited, WhatIsAtWorkGoesOnBesideManyThatWait) {
  const Limits limits{.tasks_per_repo = 1};
  const std::string first = MakeUnder(limits);
  for (int i = 0; i < 200; ++i) MakeUnder(limits, {.name = "t" + std::to_string(i)});
  store_ = Open({.per_repo = {.tasks_per_repo = 1}});
  const TaskLease lease = ClaimTask();
  ASSERT_EQ(lease.task.id, first);
  clock_.Advance(absl::Seconds(1));
  Commit(lease, {.to = TaskState::kRepairing});
  EXPECT_EQ(ClaimTask().task.id, first);
}

TEST_P(RepositoryLimited, NewLimitsOfATemplateDoNotWaitBehindOldOnes) {
  MakeUnder({.per_day = 1});
  RunTo(TaskState::kFailed);
  const std::string old = MakeUnder({.per_day = 1});
  ASSERT_TRUE(NoTaskIsDue());
  clock_.Advance(absl::Minutes(1));
  const std::string later = MakeUnder({.per_day = 10});
  EXPECT_EQ(ClaimTask().task.id, later);
  EXPECT_NE(Read(old).held_back, "");
}

TEST_P(RepositoryLimited, WhatAPersonApprovesIsUnderLimitsToo) {
  Plan plan = MakePlan();
  plan.limits.tasks_per_repo = 1;
  const std::string held = *store_->CreateTask(MakeIncident(), plan, true, "by hand");
  const std::string first = *store_->CreateTask(MakeIncident(), plan, false, "by hand");
  const TaskLease lease = ClaimTask();
  ASSERT_EQ(lease.task.id, first);
  ASSERT_TRUE(store_->Move(held, TaskState::kQueued, "approved").ok());
  EXPECT_TRUE(NoTaskIsDue());
  Commit(lease, {.to = TaskState::kFailed});
  EXPECT_EQ(ClaimTask().task.id, held);
}

TEST_P(RepositoryLimited, AReplacedPlanBringsItsOwnLimits) {
  const std::string first = MakeUnder({.tasks_per_repo = 1});
  const std::string second = MakeUnder({.tasks_per_repo = 1});
  TaskUpdate update{.to = TaskState::kQueued, .retry = true};
  update.plan = MakePlan();
  update.plan->limits.tasks_per_repo = 2;
  update.plan->template_name = "u";
  Commit(ClaimTask(), update);
  EXPECT_EQ(ClaimTask().task.id, second);
  EXPECT_EQ(ClaimTask().task.id, first) << "under another template";
}

TEST_P(RepositoryLimited, WhatADeliveryShowedIsUnderLimitsToo) {
  Plan plan = MakePlan();
  plan.limits.cooldown = absl::Minutes(30);
  DeliveryOutcome first = Shows("k1", "1", plan), second = Shows("k2", "2", plan);
  for (DeliveryOutcome* shown : {&first, &second}) {
    shown->incidents[0].incident.evidence.fingerprint = "f";
  }
  Deliver(first);
  RunTo(TaskState::kFailed);
  const std::string held = Deliver(second).at(0);
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(held).held_back, HasSubstr("cools down"));
}

TEST_P(RepositoryLimited, DueWorkIsTakenInTheOrderOfBecomingDue) {
  std::vector<std::string> made;
  for (const char* name : {"a", "b", "a", "c", "b"}) {
    made.push_back(MakeUnder({}, {.name = name}));
    clock_.Advance(absl::Seconds(1));
  }
  for (const std::string& id : made) EXPECT_EQ(ClaimTask().task.id, id);
}

}  // namespace
}  // namespace regreen
