// The history of a fingerprint: how often its repository saw it, and how that ended.
#include <ostream>

#include "tests/contract/store_contract.h"

namespace regreen {

inline bool operator==(const History& a, const History& b) {
  return a.seen == b.seen && a.recovered == b.recovered && a.fixed == b.fixed;
}
inline void PrintTo(const History& h, std::ostream* out) {
  *out << "seen " << h.seen << ", recovered " << h.recovered << ", fixed " << h.fixed;
}

namespace {

class HistoryContract : public StoreContract {
 protected:
  // The failure "f" of a run of acme/shop.
  static DeliveryOutcome Fails(const std::string& run_id, int attempt = 1,
                               std::optional<Plan> plan = std::nullopt) {
    DeliveryOutcome outcome = Shows("k", run_id, std::move(plan));
    outcome.incidents[0].incident.run.key.attempt = attempt;
    outcome.incidents[0].incident.evidence.fingerprint = "f";
    return outcome;
  }
  static RunKey Run(const std::string& id, int attempt = 1) {
    return {"github", "acme/shop", id, attempt};
  }
  static DeliveryOutcome Recovers(const RunKey& run) {
    DeliveryOutcome outcome;
    outcome.green.emplace().key = run;
    return outcome;
  }
  // As a run sees it that no delivery told of.
  History Of(const std::string& fingerprint = "f", const std::string& repo = "acme/shop") {
    const auto history = store_->ReadHistory({"github", repo, "next", 1}, fingerprint);
    EXPECT_TRUE(history.ok()) << Message(history.status());
    return history.value_or(History());
  }
};
INSTANTIATE_TEST_SUITE_P(Store, HistoryContract, ::testing::ValuesIn(kStores), KindName);

TEST_P(HistoryContract, IsEmptyForWhatWasNeverSeen) {
  Deliver(Fails("1"));
  EXPECT_EQ(Of("another"), (History{0, 0, 0}));
}

TEST_P(HistoryContract, CountsEachRunOnce) {
  Deliver(Fails("1"));
  Deliver(Fails("1"));
  Deliver(Fails("2"));
  Deliver(Fails("2", 2));
  EXPECT_EQ(Of(), (History{3, 0, 0}));
  EXPECT_FALSE(Of().flaky());
}

TEST_P(HistoryContract, LeavesOutTheRunThatAsks) {
  Deliver(Fails("1"));
  Deliver(Fails("2"));
  EXPECT_EQ(*store_->ReadHistory(Run("2"), "f"), (History{1, 0, 0}));
  EXPECT_EQ(*store_->ReadHistory(Run("2", 2), "f"), (History{2, 0, 0}));
}

TEST_P(HistoryContract, CountsAllBranchesOfTheRepositoryAndNoOtherRepository) {
  Deliver(Fails("1"));
  DeliveryOutcome branch = Fails("2"), elsewhere = Fails("3"), forge = Fails("4");
  branch.incidents[0].key = "of another branch";
  elsewhere.incidents[0].key = "of another repository";
  elsewhere.incidents[0].incident.run.key.repo = "acme/other";
  forge.incidents[0].key = "of another forge";
  forge.incidents[0].incident.run.key.forge = "local";
  for (const DeliveryOutcome& outcome : {branch, elsewhere, forge}) Deliver(outcome);
  EXPECT_EQ(Of(), (History{2, 0, 0}));
  EXPECT_EQ(Of("f", "acme/other"), (History{1, 0, 0}));
}

TEST_P(HistoryContract, RecoversTheEarlierAttemptsOfARunThatTurnedGreen) {
  Deliver(Fails("1"));
  Deliver(Fails("1", 2));
  Deliver(Fails("1", 10));
  Deliver(Fails("11"));
  Deliver(Recovers(Run("1", 3)));
  EXPECT_EQ(Of(), (History{4, 2, 0}));
  EXPECT_TRUE(Of().flaky());
}

TEST_P(HistoryContract, RecoversARunOnceHoweverManyDeliveriesTellOfIt) {
  Deliver(Fails("1"));
  Deliver(Recovers(Run("1", 2)));
  Deliver(Recovers(Run("1", 2)));
  Deliver(Recovers(Run("1", 3)));
  EXPECT_EQ(Of(), (History{1, 1, 0}));
}

TEST_P(HistoryContract, RecoversNothingOfAnotherRepository) {
  Deliver(Fails("1"));
  Deliver(Recovers({"github", "acme/other", "1", 2}));
  Deliver(Recovers({"local", "acme/shop", "1", 2}));
  Deliver(Recovers(Run("2", 2)));
  EXPECT_EQ(Of(), (History{1, 0, 0}));
}

TEST_P(HistoryContract, RecoversNothingForAWorkerThatLostItsLease) {
  Deliver(Fails("1"));
  ASSERT_EQ(AcceptOne(MakeDelivery("green")), AcceptOutcome::kAccepted);
  const DeliveryLease lost = ClaimDelivery("w1");
  clock_.Advance(kTtl * 2);
  ClaimDelivery("w2");
  EXPECT_EQ(store_->FinishDelivery(lost, Recovers(Run("1", 2))).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Of(), (History{1, 0, 0}));
}

TEST_P(HistoryContract, CountsAsFixedWhatWasMerged) {
  std::vector<std::string> merged;
  for (const TaskState end : {TaskState::kMerged, TaskState::kDeclined, TaskState::kMerged}) {
    const auto made = Deliver(Fails(std::to_string(deliveries_), 1, MakePlan()));
    ASSERT_EQ(made.size(), 1u);
    if (end == TaskState::kMerged) merged.insert(merged.begin(), made[0]);
    for (const TaskState step :
         {TaskState::kRepairing, TaskState::kPublishing, TaskState::kWatching, end}) {
      Advance(step);
    }
  }
  EXPECT_EQ(Of(), (History{3, 0, 2}));
  EXPECT_EQ(Of("another"), (History{0, 0, 0}));
  EXPECT_EQ(*store_->MergedTasks(Run("next"), "f", 10), merged) << "the newest first";
  EXPECT_EQ(*store_->MergedTasks(Run("next"), "f", 1), std::vector<std::string>{merged[0]});
  EXPECT_TRUE(store_->MergedTasks(Run("next"), "another", 10)->empty());
  EXPECT_TRUE(store_->MergedTasks({"github", "acme/other", "1", 1}, "f", 10)->empty());
}

TEST_P(HistoryContract, IsKeptWithTheTask) {
  DeliveryOutcome outcome = Fails("1", 1, MakePlan());
  outcome.incidents[0].incident.history = {5, 2, 1};
  const std::vector<std::string> made = Deliver(outcome);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(Read(made[0]).incident.history, (History{5, 2, 1}));
}

}  // namespace
}  // namespace regreen
