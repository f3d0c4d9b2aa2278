// What the store remembers of each template, through whole lives of tasks.
#include "tests/contract/store_contract_limits.h"

namespace regreen {
namespace {

class TemplateRecords : public LimitContract {
 protected:
  TemplateRecord Record(const std::string& name = "t") {
    const auto record = store_->ReadTemplateRecord(name);
    EXPECT_TRUE(record.ok()) << Message(record.status());
    return record.value_or(TemplateRecord());
  }
  // Queued, then along the way; each step costs a cent and a second.
  void Live(const std::string& name, const std::vector<TaskState>& way) {
    MakeUnder({}, {.name = name});
    for (const TaskState to : way) {
      TaskUpdate update{.to = to, .spent = {0.01, absl::Seconds(1)}};
      update.reproduced = to == TaskState::kPublishing || to == TaskState::kShadowed;
      if (update.reproduced) update.patch_digest = "d1";
      Commit(ClaimTask(), update);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Store, TemplateRecords, ::testing::ValuesIn(kStores), KindName);

using enum TaskState;

TEST_P(TemplateRecords, CountTheEndsOfTasks) {
  Live("t", {kRepairing, kPublishing, kWatching, kMerged});
  Live("t", {kRepairing, kPublishing, kWatching, kMerged});
  Live("t", {kRepairing, kPublishing, kWatching, kDeclined});
  Live("t", {kRepairing, kRerunning, kRecovered});
  Live("t", {kRepairing, kUnreproducible});
  Live("t", {kRepairing, kFailed});
  Live("t", {kRepairing, kShadowed});
  Live("t", {kRepairing, kReported});
  Live("u", {kRepairing, kFailed});
  const TemplateRecord t = Record();
  EXPECT_EQ(t.name, "t");
  EXPECT_EQ(t.tasks, 8);
  EXPECT_EQ(t.reproduced, 4);
  EXPECT_EQ(t.unreproducible, 1);
  EXPECT_EQ(t.verified, 4);
  EXPECT_EQ(t.merged, 2);
  EXPECT_EQ(t.declined, 1);
  EXPECT_EQ(t.recovered, 1);
  EXPECT_EQ(t.failed, 1);
  EXPECT_EQ(t.shadowed, 1);
  EXPECT_DOUBLE_EQ(t.usd, 0.23);
  EXPECT_EQ(t.time, absl::Seconds(23));
  EXPECT_DOUBLE_EQ(t.acceptance(), 2.0 / 3);
  EXPECT_EQ(Record("u").failed, 1);
}

TEST_P(TemplateRecords, CountATaskOnceHoweverOftenItGoesRound) {
  Live("t", {kRepairing, kPublishing, kRepairing, kPublishing, kWatching, kRepairing, kPublishing,
             kWatching, kWatching, kMerged});
  const TemplateRecord t = Record();
  EXPECT_EQ(t.tasks, 1);
  EXPECT_EQ(t.reproduced, 1);
  EXPECT_EQ(t.verified, 1);
  EXPECT_EQ(t.merged, 1);
  EXPECT_EQ(t.time, absl::Seconds(10));
}

TEST_P(TemplateRecords, CountWhatIsAtWorkAndNotWhatNeverBegan) {
  const std::string first = MakeUnder({});
  EXPECT_EQ(Record().tasks, 0);
  ASSERT_TRUE(store_->Move(first, kCancelled, "no").ok());
  EXPECT_EQ(Record().tasks, 0);
  MakeUnder({});
  ClaimTask();
  EXPECT_EQ(Record().tasks, 1) << "it began";
}

TEST_P(TemplateRecords, AreOfEveryTemplateThatEverHadATaskByName) {
  MakeUnder({}, {.name = "b"});
  Live("a", {});
  Live("c", {});
  const auto all = store_->ListTemplateRecords();
  ASSERT_TRUE(all.ok()) << Message(all.status());
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].name, "a");
  EXPECT_EQ((*all)[1].name, "b");
  EXPECT_EQ((*all)[2].name, "c");
  EXPECT_EQ((*all)[1].tasks, 0);
}

TEST_P(TemplateRecords, AreZeroForATemplateThatHadNoTask) {
  const TemplateRecord none = Record("never");
  EXPECT_EQ(none.name, "never");
  EXPECT_EQ(none.tasks, 0);
  EXPECT_EQ(none.acceptance(), 1);
  EXPECT_TRUE(store_->ListTemplateRecords()->empty());
}

TEST_P(TemplateRecords, FollowATaskWhosePlanIsReplaced) {
  MakeUnder({});
  Commit(ClaimTask(), {.to = kRepairing, .spent = {.usd = 1}});
  TaskUpdate update{.to = kUnreproducible, .spent = {.usd = 2}};
  update.plan = MakePlan("u");
  Commit(ClaimTask(), update);
  EXPECT_EQ(Record("t").tasks, 0);
  EXPECT_EQ(Record("t").usd, 0);
  EXPECT_EQ(Record("u").tasks, 1);
  EXPECT_EQ(Record("u").usd, 3);
  EXPECT_EQ(Record("u").unreproducible, 1);
}

TEST_P(TemplateRecords, OutliveTheProcess) {
  Live("t", {kRepairing, kFailed});
  store_ = Open();
  EXPECT_EQ(Record().failed, 1);
}

}  // namespace
}  // namespace regreen
