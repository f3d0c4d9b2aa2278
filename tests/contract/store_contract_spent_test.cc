// What work cost whose lease may be over.
#include <gmock/gmock.h>

#include "tests/contract/store_contract_limits.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

class SpentContract : public LimitContract {
 protected:
  Status Record(const TaskLease& lease, const Spend& so_far, const std::string& note = "") {
    const TimelineEntry entry{absl::Time(), "step", note};
    return store_->RecordSpent(lease, so_far,
                               {&entry, note.empty() ? std::size_t{0} : std::size_t{1}});
  }
};

TEST_P(SpentContract, IsCountedThoughAPersonEndedTheTask) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(store_->Move(id, TaskState::kCancelled, "enough").ok());
  const std::int64_t epoch = Read(id).lease_epoch;
  ASSERT_TRUE(Record(lease, {0.25, absl::Seconds(3)}, "an agent was stopped").ok());
  const Task task = Read(id);
  EXPECT_EQ(task.state, TaskState::kCancelled);
  EXPECT_EQ(task.lease_epoch, epoch);
  EXPECT_EQ(task.reason, "enough");
  EXPECT_DOUBLE_EQ(task.spent.usd, 0.25);
  EXPECT_EQ(task.spent.time, absl::Seconds(3));
  EXPECT_EQ(store_->ReadTimeline(id)->back().message, "an agent was stopped");
  EXPECT_EQ(store_->ReadTimeline(id)->back().kind, "step");
  EXPECT_EQ(store_->Commit(lease, {.to = TaskState::kFailed}).code(),
            StatusCode::kFailedPrecondition);
}

TEST_P(SpentContract, IsCountedOnceHoweverOftenItIsTold) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  const TaskLease lease = ClaimTask();
  const std::size_t entries = store_->ReadTimeline(id)->size();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Record(lease, {0.25, absl::Seconds(3)}, "so far").ok());
  ASSERT_TRUE(Record(lease, {0.1, absl::Seconds(1)}).ok());  // an old word that comes late
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.25);
  ASSERT_TRUE(Record(lease, {0.5, absl::Seconds(4)}).ok());
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.5);
  EXPECT_EQ(Read(id).spent.time, absl::Seconds(4));
  EXPECT_EQ(store_->ReadTimeline(id)->size(), entries + 1);
  store_ = Open();
  ASSERT_TRUE(Record(lease, {0.5, absl::Seconds(4)}).ok());
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.5);
}

TEST_P(SpentContract, OfALeaseIsNotCountedAgainByItsCommit) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(Record(lease, {0.25, absl::ZeroDuration()}).ok());
  ASSERT_TRUE(
      store_->Commit(lease, {.to = TaskState::kRepairing, .spent = {0.375, absl::Seconds(2)}})
          .ok());
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.375);
  ASSERT_TRUE(Record(lease, {0.375, absl::Seconds(2)}).ok());
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.375) << "the answer of the commit was lost, perhaps";
  // The next lease begins at nothing.
  ASSERT_TRUE(Record(ClaimTask(), {0.125, absl::ZeroDuration()}).ok());
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.5);
}

TEST_P(SpentContract, KeepsTheLeaseOfWhoWorks) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  const TaskLease old = ClaimTask();
  clock_.Advance(kTtl + absl::Seconds(1));
  const TaskLease now = ClaimTask("w2");
  ASSERT_TRUE(Record(old, {0.25, absl::Seconds(3)}).ok());
  EXPECT_TRUE(*store_->Holds(now));
  EXPECT_TRUE(NoTaskIsDue());
  ASSERT_TRUE(
      store_->Commit(now, {.to = TaskState::kFailed, .spent = {0.5, absl::Seconds(1)}}).ok());
  EXPECT_DOUBLE_EQ(Read(id).spent.usd, 0.75) << "both have spent";
}

TEST_P(SpentContract, CountsInTheDayOfItsTemplate) {
  const Limits limits{.usd_per_day = 0.3};
  const std::string first = MakeUnder(limits, {.repo = "acme/a"});
  Commit(ClaimTask(), {.to = TaskState::kRepairing});
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(store_->Move(first, TaskState::kCancelled, "enough").ok());
  ASSERT_TRUE(Record(lease, {0.3, absl::Seconds(3)}).ok());
  const std::string held = MakeUnder(limits, {.repo = "acme/b"});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(held).held_back, HasSubstr("spent $0.30 in a day"));
  const auto record = store_->ReadTemplateRecord("t");
  ASSERT_TRUE(record.ok()) << Message(record.status());
  EXPECT_DOUBLE_EQ(record->usd, 0.3);
}

TEST_P(SpentContract, CountsInTheDayOfItsRepository) {
  StoreOptions options;
  options.per_repo.usd_per_day = 0.3;
  store_ = Open(options);
  const std::string first = MakeUnder({}, {.repo = "acme/a"});
  Commit(ClaimTask(), {.to = TaskState::kRepairing});
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(store_->Move(first, TaskState::kCancelled, "enough").ok());
  ASSERT_TRUE(Record(lease, {0.3, absl::Seconds(3)}).ok());
  const std::string held = MakeUnder({}, {.repo = "acme/a", .name = "u"});
  EXPECT_TRUE(NoTaskIsDue());
  EXPECT_THAT(Read(held).held_back, HasSubstr("repository acme/a"));
}

TEST_P(SpentContract, TakesNoNonsense) {
  const std::string id = MakeTaskIn(TaskState::kRepairing);
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(Record(lease, {-5, -absl::InfiniteDuration()}).ok());
  EXPECT_EQ(Read(id).spent.usd, 0);
  TaskLease unknown = lease;
  unknown.task.id = "000000000000";
  EXPECT_EQ(Record(unknown, {1, absl::ZeroDuration()}).code(), StatusCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Stores, SpentContract, ::testing::ValuesIn(kStores), KindName);

}  // namespace
}  // namespace regreen
