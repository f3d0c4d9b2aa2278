// Tasks that people start, and what those who watch read.
#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

using HandContract = StoreContract;
INSTANTIATE_TEST_SUITE_P(Stores, HandContract, ::testing::ValuesIn(kStores), KindName);

HandTask Asked(const std::string& key = "", const std::string& digest = "d1") {
  HandTask task{MakeIncident(), MakePlan(), false, "by hand by alice", "alice", key, digest, {}};
  task.artifacts = {{"note", "left by a person"}};
  return task;
}

TEST_P(HandContract, ATaskByHandIsRecordedLikeAnyOtherWithADecision) {
  const auto made = store_->CreateByHand(Asked());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(made->existed);
  const Task task = Read(made->id);
  EXPECT_EQ(task.state, TaskState::kQueued);
  EXPECT_EQ(task.incident_id, "");
  EXPECT_EQ(*store_->ReadArtifact(task.id, "note"), "left by a person");
  ASSERT_EQ(CountDecisions("by-hand"), 1);
  const auto decisions = store_->ListDecisions(1);
  EXPECT_EQ((*decisions)[0].task_id, task.id);
  EXPECT_EQ((*decisions)[0].reason, "by hand by alice");
  EXPECT_EQ(ClaimTask().task.id, task.id);
}

TEST_P(HandContract, AKeyMakesOneTaskForOnePersonAndRequest) {
  const auto first = store_->CreateByHand(Asked("k"));
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = store_->CreateByHand(Asked("k"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(again->id, first->id);
  const Status other = store_->CreateByHand(Asked("k", "d2")).status();
  EXPECT_EQ(other.code(), StatusCode::kAlreadyExists) << other;
  EXPECT_NE(Message(other).find(first->id), std::string::npos);
  HandTask bobs = Asked("k");
  bobs.by = "bob";
  EXPECT_FALSE(store_->CreateByHand(bobs)->existed);
  EXPECT_NE(store_->CreateByHand(Asked())->id, store_->CreateByHand(Asked())->id)
      << "without a key each is its own";
  EXPECT_EQ(store_->ListTasks({})->size(), 4u);
}

TEST_P(HandContract, AKeyIsForgottenAfterAWeek) {
  const auto first = store_->CreateByHand(Asked("k"));
  ASSERT_TRUE(first.ok());
  clock_.Advance(absl::Hours(24 * 6));
  EXPECT_TRUE(store_->CreateByHand(Asked("k"))->existed);
  clock_.Advance(absl::Hours(24 * 2));
  ASSERT_TRUE(store_->CreateByHand(Asked("another")).ok()) << "which tidies up";
  EXPECT_FALSE(store_->CreateByHand(Asked("k"))->existed);
}

TEST_P(HandContract, AWorkerLearnsThatItsTaskWasTaken) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  EXPECT_TRUE(*store_->Holds(lease));
  ASSERT_TRUE(store_->Renew(lease, kTtl).ok());
  EXPECT_TRUE(*store_->Holds(lease));
  ASSERT_TRUE(store_->Move(id, TaskState::kCancelled, "enough").ok());
  EXPECT_FALSE(*store_->Holds(lease));
  TaskLease unknown = lease;
  unknown.task.id = "nowhere";
  EXPECT_FALSE(*store_->Holds(unknown));
}

TEST_P(HandContract, ATimelineIsReadFromWhereItWasLeft) {
  const std::string id = MakeTask();
  const std::string other = MakeTask("acme/other");
  const TaskLease lease = ClaimTask();
  ASSERT_EQ(lease.task.id, id);
  const std::vector<TimelineEntry> more = {{{}, "note", "one"}, {{}, "note", "two"}};
  ASSERT_TRUE(store_->Append(lease, more, {}).ok());
  const auto all = store_->ReadTimeline(id);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_LT((*all)[0].seq, (*all)[1].seq);
  EXPECT_LT((*all)[1].seq, (*all)[2].seq);
  const auto rest = store_->ReadTimelineAfter(id, (*all)[0].seq, 10);
  ASSERT_EQ(rest->size(), 2u);
  EXPECT_EQ((*rest)[0].message, "one");
  EXPECT_EQ(store_->ReadTimelineAfter(id, 0, 2)->size(), 2u);
  EXPECT_TRUE(store_->ReadTimelineAfter(id, (*all)[2].seq, 10)->empty());
  EXPECT_EQ(store_->ReadTimelineAfter(other, (*all)[0].seq, 10)->size(), 1u) << "no one else's";
  EXPECT_EQ(store_->ReadTimelineAfter("nowhere", 0, 10).status().code(), StatusCode::kNotFound);
}

TEST_P(HandContract, ArtifactsAreListedInTheOrderInWhichTheyCame) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  const std::vector<Artifact> first = {{"reproduce.log", "abc"}, {"patch", ""}};
  const std::vector<Artifact> second = {{"reproduce.log", "abcdef"}};
  ASSERT_TRUE(store_->Append(lease, {}, first).ok());
  ASSERT_TRUE(store_->Append(lease, {}, second).ok());
  const auto rows = store_->ListArtifacts(id);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].name, "reproduce.log");
  EXPECT_EQ((*rows)[0].bytes, 6);
  EXPECT_EQ((*rows)[1].name, "patch");
  EXPECT_EQ(store_->ListArtifacts("nowhere").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace regreen
