// Records: what people and gauges read, and what outlives the process.
#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

class RecordContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Store, RecordContract, ::testing::ValuesIn(kStores), KindName);

std::vector<std::string> Ids(const StatusOr<std::vector<Task>>& tasks) {
  std::vector<std::string> ids;
  EXPECT_TRUE(tasks.ok()) << Message(tasks.status());
  if (tasks.ok()) {
    for (const Task& task : *tasks) ids.push_back(task.id);
  }
  return ids;
}

TEST_P(RecordContract, ListsTasksNewestFirstInPages) {
  std::vector<std::string> newest_first;
  for (int i = 0; i < 5; ++i) newest_first.insert(newest_first.begin(), MakeTask());
  std::vector<std::string> paged;
  TaskFilter filter{.limit = 2};
  for (int page = 0; page < 3; ++page) {
    for (const std::string& id : Ids(store_->ListTasks(filter))) paged.push_back(id);
    filter.before_id = paged.back();
  }
  EXPECT_EQ(paged, newest_first);
  EXPECT_TRUE(Ids(store_->ListTasks(filter)).empty());
  EXPECT_TRUE(Ids(store_->ListTasks({.limit = -1})).empty()) << "no limit below zero";
  EXPECT_EQ(store_->ListTasks({.before_id = "nowhere"}).status().code(), StatusCode::kNotFound);
}

TEST_P(RecordContract, FiltersTasksByStateAndRepository) {
  const std::string shop_repairing = MakeTask("acme/shop");
  Advance(TaskState::kRepairing);
  const TaskLease busy = ClaimTask();
  const std::string shop = MakeTask("acme/shop");
  const std::string site = MakeTask("acme/site");

  EXPECT_EQ(Ids(store_->ListTasks({.repo = "acme/site"})), std::vector{site});
  EXPECT_EQ(Ids(store_->ListTasks({.repo = "acme/shop"})), (std::vector{shop, shop_repairing}));
  EXPECT_EQ(Ids(store_->ListTasks({.state = TaskState::kQueued})), (std::vector{site, shop}));
  EXPECT_EQ(Ids(store_->ListTasks({.state = TaskState::kRepairing, .repo = "acme/shop"})),
            std::vector{shop_repairing});
  EXPECT_TRUE(Ids(store_->ListTasks({.state = TaskState::kMerged, .repo = "acme/shop"})).empty());
  EXPECT_EQ(Ids(store_->ListTasks({.state = TaskState::kQueued, .before_id = site})),
            std::vector{shop});
}

TEST_P(RecordContract, FindsATaskByAPrefixThatFitsOne) {
  // By the pigeonhole principle, two of seventeen ids start with the same digit.
  std::vector<std::string> ids;
  for (int i = 0; i < 17; ++i) ids.push_back(MakeTask());
  for (const std::string& id : ids) {
    EXPECT_EQ(Read(id).id, id);
    for (std::size_t length = 1; length <= id.size(); ++length) {
      const std::string prefix = id.substr(0, length);
      const auto fits = std::count_if(ids.begin(), ids.end(), [&](const std::string& other) {
        return other.starts_with(prefix);
      });
      const auto found = store_->ReadTask(prefix);
      if (fits == 1) {
        ASSERT_TRUE(found.ok());
        EXPECT_EQ(found->id, id);
      } else {
        EXPECT_EQ(found.status().code(), StatusCode::kInvalidArgument) << prefix;
      }
    }
  }
  EXPECT_EQ(store_->ReadTask(ids[0] + "0").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadTask("zz").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadTask("%").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadTask("").status().code(), StatusCode::kInvalidArgument);
}

TEST_P(RecordContract, TellsATaskInTheOrderOfEvents) {
  const std::string id = MakeTask();
  clock_.Advance(absl::Seconds(1));
  TaskUpdate update{.to = TaskState::kRepairing, .reason = "a worker took it"};
  update.timeline = {{absl::Time(), "note", "first"}, {clock_.Now(), "note", "second"}};
  ASSERT_TRUE(store_->Commit(ClaimTask(), update).ok());
  ASSERT_TRUE(store_->Move(id, TaskState::kCancelled, "enough").ok());

  const auto timeline = store_->ReadTimeline(id);
  ASSERT_TRUE(timeline.ok());
  ASSERT_EQ(timeline->size(), 5u);
  EXPECT_EQ((*timeline)[0].kind, "state");
  EXPECT_EQ((*timeline)[0].message, "queued: by hand");
  EXPECT_EQ((*timeline)[1].message, "first");
  EXPECT_EQ((*timeline)[1].at, clock_.Now()) << "a time that is not set is now";
  EXPECT_EQ((*timeline)[2].message, "second");
  EXPECT_EQ((*timeline)[3].kind, "state");
  EXPECT_EQ((*timeline)[3].message, "queued → repairing: a worker took it");
  EXPECT_EQ((*timeline)[4].message, "repairing → cancelled: enough");
  EXPECT_EQ(store_->ReadTimeline("nowhere").status().code(), StatusCode::kNotFound);
}

TEST_P(RecordContract, ReplacesAnArtifactOfTheSameName) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  const std::string large(3'000'000, 'x');
  const std::vector<Artifact> first = {{"patch", "old"}, {"verify.log", large}, {"empty", ""}};
  const std::vector<Artifact> second = {{"patch", std::string("new\0bytes", 9)}};
  ASSERT_TRUE(store_->Append(lease, {}, first).ok());
  ASSERT_TRUE(store_->Append(lease, {}, second).ok());
  EXPECT_EQ(*store_->ReadArtifact(id, "patch"), second[0].bytes);
  EXPECT_EQ(*store_->ReadArtifact(id, "verify.log"), large);
  EXPECT_EQ(*store_->ReadArtifact(id, "empty"), "");
  EXPECT_EQ(store_->ReadArtifact(id, "request").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadArtifact("nowhere", "patch").status().code(), StatusCode::kNotFound);
}

TEST_P(RecordContract, ListsDecisionsNewestFirst) {
  DeliveryOutcome outcome;
  for (const char* reason : {"one", "two", "three"}) {
    outcome.decisions.push_back({.at = clock_.Now(), .kind = "dropped", .reason = reason});
  }
  Deliver(outcome);
  const auto decisions = store_->ListDecisions(2);
  ASSERT_TRUE(decisions.ok());
  ASSERT_EQ(decisions->size(), 2u);
  EXPECT_EQ((*decisions)[0].reason, "three");
  EXPECT_EQ((*decisions)[1].reason, "two");
  EXPECT_TRUE(store_->ListDecisions(-1)->empty());
}

TEST_P(RecordContract, CountsTasksByStateAndTemplate) {
  MakeTask("acme/shop", "a");
  Advance(TaskState::kRepairing);
  ASSERT_TRUE(store_->Commit(ClaimTask(), {.to = TaskState::kFailed}).ok());
  MakeTask("acme/shop", "a");
  MakeTask("acme/shop", "b");
  MakeTask("acme/shop", "b");
  auto counts = store_->Count();
  ASSERT_TRUE(counts.ok());
  using Counted = std::map<std::pair<std::string, std::string>, std::int64_t>;
  EXPECT_EQ(counts->tasks,
            (Counted{{{"failed", "a"}, 1}, {{"queued", "a"}, 1}, {{"queued", "b"}, 2}}));

  TaskUpdate renamed{.to = TaskState::kQueued};
  renamed.plan = MakePlan("c");
  ASSERT_TRUE(store_->Commit(ClaimTask(), renamed).ok());
  counts = store_->Count();
  EXPECT_EQ(counts->tasks,
            (Counted{{{"failed", "a"}, 1}, {{"queued", "b"}, 2}, {{"queued", "c"}, 1}}));
}

TEST_P(RecordContract, CountsTheWorkThatWaits) {
  EXPECT_EQ(store_->Count()->oldest_pending, absl::ZeroDuration());
  const std::vector<NewDelivery> batch = {MakeDelivery("a"), MakeDelivery("b")};
  ASSERT_TRUE(store_->Accept(batch).ok());
  clock_.Advance(absl::Seconds(2));
  MakeTask();
  MakeTask();
  clock_.Advance(absl::Seconds(3));
  StoreCounts counts = *store_->Count();
  EXPECT_EQ(counts.pending_deliveries, 2);
  EXPECT_EQ(counts.pending_tasks, 2);
  EXPECT_EQ(counts.oldest_pending, absl::Seconds(5));

  ASSERT_TRUE(store_->FinishDelivery(ClaimDelivery(), {}).ok());
  ASSERT_TRUE(store_->FinishDelivery(ClaimDelivery(), {}).ok());
  ClaimTask();
  counts = *store_->Count();
  EXPECT_EQ(counts.pending_deliveries, 0);
  EXPECT_EQ(counts.pending_tasks, 1) << "one is leased";
  EXPECT_EQ(counts.oldest_pending, absl::Seconds(3));
}

TEST_P(RecordContract, KeepsEverythingWhenTheProcessEnds) {
  const std::vector<std::string> made = Deliver(Shows("k", "1", MakePlan()));
  ASSERT_EQ(made.size(), 1u);
  const TaskLease lease = ClaimTask();
  const Artifact log{"reproduce.log", "npm ERR!"};
  ASSERT_TRUE(store_->Append(lease, {}, {&log, 1}).ok());
  ASSERT_EQ(AcceptOne(MakeDelivery("waits", "its body")), AcceptOutcome::kAccepted);

  store_.reset();
  store_ = Open();
  ASSERT_NE(store_, nullptr);
  EXPECT_EQ(ClaimDelivery().delivery.body, "its body");
  EXPECT_EQ(AcceptOne(MakeDelivery("delivery-1")), AcceptOutcome::kDuplicate);
  EXPECT_EQ(*store_->ReadArtifact(made[0], "reproduce.log"), "npm ERR!");
  EXPECT_EQ(store_->ReadTimeline(made[0])->size(), 1u);
  EXPECT_EQ(CountDecisions("selected"), 1);
  EXPECT_TRUE(store_->Commit(lease, {.to = TaskState::kRepairing}).ok()) << "the lease holds on";
}

TEST_P(RecordContract, ShowsOneProcessWhatAnotherWrote) {
  const std::unique_ptr<Store> other = Open();
  ASSERT_NE(other, nullptr);
  const std::string id = MakeTask();
  EXPECT_EQ(Ids(other->ListTasks({})), std::vector{id});
  const auto lease = other->ClaimTask("other", kTtl);
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_TRUE(NoTaskIsDue());
  ASSERT_TRUE(other->Commit(**lease, {.to = TaskState::kRepairing}).ok());
  EXPECT_EQ(Read(id).state, TaskState::kRepairing);
}

TEST_P(RecordContract, AnswersAPing) {
  EXPECT_TRUE(store_->Ping().ok());
}

}  // namespace
}  // namespace regreen
