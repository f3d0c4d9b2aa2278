// Deliveries: accepted once, worked off by one worker at a time.
#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

class DeliveryContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Store, DeliveryContract, ::testing::ValuesIn(kStores), KindName);

TEST_P(DeliveryContract, GivesBackEveryByteThatItAccepted) {
  std::string body = "{\"log\": \"";
  for (int i = 0; i < 256; ++i) body += static_cast<char>(i);
  for (int i = 0; i < 20'000; ++i) body += "line of a log\n";
  const NewDelivery sent = MakeDelivery("a", body);
  ASSERT_EQ(AcceptOne(sent), AcceptOutcome::kAccepted);

  const DeliveryLease lease = ClaimDelivery();
  EXPECT_EQ(lease.delivery.ci, sent.delivery.ci);
  EXPECT_EQ(lease.delivery.key, sent.delivery.key);
  EXPECT_EQ(lease.delivery.event, sent.delivery.event);
  EXPECT_EQ(lease.delivery.headers, sent.delivery.headers);
  EXPECT_EQ(lease.delivery.body, body);
  EXPECT_EQ(lease.delivery.received_at, sent.delivery.received_at);
  EXPECT_EQ(lease.attempt, 1);
}

TEST_P(DeliveryContract, AnswersDuplicateForAKeyThatWasSeen) {
  EXPECT_EQ(AcceptOne(MakeDelivery("a")), AcceptOutcome::kAccepted);
  EXPECT_EQ(AcceptOne(MakeDelivery("a", "other")), AcceptOutcome::kDuplicate);
  ASSERT_TRUE(store_->FinishDelivery(ClaimDelivery(), {}).ok());
  EXPECT_EQ(AcceptOne(MakeDelivery("a")), AcceptOutcome::kDuplicate) << "also when it is done";
  EXPECT_TRUE(NoDeliveryIsDue());
}

TEST_P(DeliveryContract, AnswersEachOfABatchInOrder) {
  ASSERT_EQ(AcceptOne(MakeDelivery("b")), AcceptOutcome::kAccepted);
  const std::vector<NewDelivery> batch = {MakeDelivery("a"), MakeDelivery("b"), MakeDelivery("c"),
                                          MakeDelivery("a")};
  const auto outcomes = store_->Accept(batch);
  ASSERT_TRUE(outcomes.ok());
  EXPECT_EQ(*outcomes, (std::vector{AcceptOutcome::kAccepted, AcceptOutcome::kDuplicate,
                                    AcceptOutcome::kAccepted, AcceptOutcome::kDuplicate}));
}

TEST_P(DeliveryContract, AcceptsNothingAsNothing) {
  const auto outcomes = store_->Accept({});
  ASSERT_TRUE(outcomes.ok());
  EXPECT_TRUE(outcomes->empty());
}

TEST_P(DeliveryContract, KeepsTheKeysOfTwoCisApart) {
  NewDelivery other = MakeDelivery("a");
  other.delivery.ci = "gitlab";
  EXPECT_EQ(AcceptOne(MakeDelivery("a")), AcceptOutcome::kAccepted);
  EXPECT_EQ(AcceptOne(other), AcceptOutcome::kAccepted);
}

TEST_P(DeliveryContract, NotesWhyOneThatIsNotPendingWasIgnored) {
  NewDelivery ignored = MakeDelivery("a", "a body");
  ignored.pending = false;
  ignored.decision_kind = "ignored";
  ignored.decision = "The run is green.";
  EXPECT_EQ(AcceptOne(ignored), AcceptOutcome::kAccepted);
  EXPECT_EQ(AcceptOne(ignored), AcceptOutcome::kDuplicate);
  EXPECT_TRUE(NoDeliveryIsDue());
  const auto decisions = store_->ListDecisions(10);
  ASSERT_TRUE(decisions.ok());
  ASSERT_EQ(decisions->size(), 1u);
  EXPECT_EQ(decisions->front().delivery_key, "a");
  EXPECT_EQ(decisions->front().kind, "ignored");
  EXPECT_EQ(decisions->front().reason, "The run is green.");
  EXPECT_EQ(decisions->front().at, clock_.Now());
}

TEST_P(DeliveryContract, LeasesEachDeliveryToOneWorkerOldestFirst) {
  const std::vector<NewDelivery> batch = {MakeDelivery("a"), MakeDelivery("b")};
  ASSERT_TRUE(store_->Accept(batch).ok());
  EXPECT_EQ(ClaimDelivery("w1").delivery.key, "a");
  EXPECT_EQ(ClaimDelivery("w2").delivery.key, "b");
  EXPECT_TRUE(NoDeliveryIsDue());
}

TEST_P(DeliveryContract, FencesAWorkerWhoseLeaseExpired) {
  ASSERT_EQ(AcceptOne(MakeDelivery("a")), AcceptOutcome::kAccepted);
  const DeliveryLease late = ClaimDelivery("w1");
  clock_.Advance(kTtl - absl::Milliseconds(1));
  EXPECT_TRUE(NoDeliveryIsDue());
  clock_.Advance(absl::Milliseconds(1));
  const DeliveryLease now = ClaimDelivery("w2");
  EXPECT_EQ(now.id, late.id);
  EXPECT_GT(now.epoch, late.epoch);
  EXPECT_EQ(now.attempt, 2) << "the worker may have died of this delivery";

  EXPECT_EQ(store_->FinishDelivery(late, Shows("k", "1", MakePlan())).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->RetryDelivery(late, absl::Seconds(1), "x").code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->FailDelivery(late, "x").code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(NoTaskIsDue()) << "a fenced result leaves nothing";
  EXPECT_EQ(CountDecisions("selected") + CountDecisions("failed"), 0);
  EXPECT_TRUE(store_->FinishDelivery(now, {}).ok());
}

TEST_P(DeliveryContract, FinishesOnce) {
  ASSERT_EQ(AcceptOne(MakeDelivery("a")), AcceptOutcome::kAccepted);
  const DeliveryLease lease = ClaimDelivery();
  const auto made = store_->FinishDelivery(lease, Shows("k", "1", MakePlan()));
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->size(), 1u);
  EXPECT_EQ(store_->FinishDelivery(lease, Shows("k2", "1", MakePlan())).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(CountDecisions("selected"), 1);
}

TEST_P(DeliveryContract, WhatIsPutOffWasNoAttempt) {
  ASSERT_EQ(AcceptOne(MakeDelivery("a")), AcceptOutcome::kAccepted);
  for (int i = 0; i < 3; ++i) {
    const DeliveryLease lease = ClaimDelivery();
    EXPECT_EQ(lease.attempt, 1);
    ASSERT_TRUE(store_->RetryDelivery(lease, absl::Minutes(1), "a limit", false).ok());
    EXPECT_TRUE(NoDeliveryIsDue());
    clock_.Advance(absl::Minutes(1));
  }
}

TEST_P(DeliveryContract, RetriesAfterTheDelayBehindWhatIsDueAlready) {
  ASSERT_EQ(AcceptOne(MakeDelivery("a", "body of a")), AcceptOutcome::kAccepted);
  const DeliveryLease first = ClaimDelivery();
  ASSERT_TRUE(store_->RetryDelivery(first, absl::Seconds(5), "the forge is down").ok());
  EXPECT_EQ(store_->FinishDelivery(first, {}).status().code(), StatusCode::kFailedPrecondition);
  ASSERT_EQ(AcceptOne(MakeDelivery("b")), AcceptOutcome::kAccepted);
  clock_.Advance(absl::Seconds(4));
  EXPECT_EQ(ClaimDelivery().delivery.key, "b");
  EXPECT_TRUE(NoDeliveryIsDue());
  clock_.Advance(absl::Seconds(1));
  const DeliveryLease again = ClaimDelivery();
  EXPECT_EQ(again.delivery.key, "a");
  EXPECT_EQ(again.delivery.body, "body of a");
  EXPECT_EQ(again.attempt, 2);
}

TEST_P(DeliveryContract, TakesAFailedOneAgainWhenItIsDeliveredAgain) {
  ASSERT_EQ(AcceptOne(MakeDelivery("a")), AcceptOutcome::kAccepted);
  const DeliveryLease first = ClaimDelivery();
  ASSERT_TRUE(store_->FailDelivery(first, "The body is no JSON.").ok());
  EXPECT_EQ(CountDecisions("failed"), 1);
  EXPECT_TRUE(NoDeliveryIsDue());

  EXPECT_EQ(AcceptOne(MakeDelivery("a", "new body")), AcceptOutcome::kAccepted);
  EXPECT_EQ(AcceptOne(MakeDelivery("a", "newer body")), AcceptOutcome::kDuplicate);
  const DeliveryLease again = ClaimDelivery();
  EXPECT_EQ(again.delivery.body, "new body");
  EXPECT_EQ(again.attempt, 1);
  EXPECT_EQ(store_->FailDelivery(first, "x").code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(store_->FinishDelivery(again, {}).ok());
}

TEST_P(DeliveryContract, WritesTheDecisionsOfAnOutcome) {
  DeliveryOutcome outcome;
  outcome.decisions.push_back(
      {.run = "github/acme/shop/1/1", .kind = "dropped", .reason = "green"});
  EXPECT_TRUE(Deliver(outcome).empty());
  const auto decisions = store_->ListDecisions(10);
  ASSERT_TRUE(decisions.ok());
  ASSERT_EQ(decisions->size(), 1u);
  EXPECT_EQ(decisions->front().delivery_key, "delivery-1");
  EXPECT_EQ(decisions->front().run, "github/acme/shop/1/1");
  EXPECT_EQ(decisions->front().kind, "dropped");
}

TEST_P(DeliveryContract, ListsDeliveriesNewestFirst) {
  NewDelivery ignored = MakeDelivery("ignored");
  ignored.pending = false;
  const std::vector<NewDelivery> batch = {MakeDelivery("done"), MakeDelivery("failed"),
                                          MakeDelivery("pending"), ignored};
  ASSERT_TRUE(store_->Accept(batch).ok());
  ASSERT_TRUE(store_->FinishDelivery(ClaimDelivery(), {}).ok());
  ASSERT_TRUE(store_->FailDelivery(ClaimDelivery(), "x").ok());

  const auto rows = store_->ListDeliveries(3);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].key, "ignored");
  EXPECT_EQ((*rows)[0].state, "done");
  EXPECT_EQ((*rows)[1].key, "pending");
  EXPECT_EQ((*rows)[1].state, "pending");
  EXPECT_EQ((*rows)[2].key, "failed");
  EXPECT_EQ((*rows)[2].state, "failed");
  EXPECT_EQ((*rows)[2].ci, "github");
  EXPECT_EQ((*rows)[2].event, "workflow_run");
  EXPECT_EQ((*rows)[2].received_at, absl::FromUnixSeconds(1'600'000'000));
  EXPECT_TRUE(store_->ListDeliveries(-1)->empty()) << "no limit below zero";
}

}  // namespace
}  // namespace regreen
