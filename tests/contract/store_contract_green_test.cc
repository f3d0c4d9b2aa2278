// Green runs: what they mark as a flake, and what they end.
#include "tests/contract/store_contract_green.h"

namespace regreen {
namespace {

INSTANTIATE_TEST_SUITE_P(Store, GreenContract, ::testing::ValuesIn(kStores), KindName);

TEST_P(GreenContract, NothingWaitsInAnEmptyStore) {
  EXPECT_FALSE(Waits({}).any());
}

TEST_P(GreenContract, WaitsForGreenOfWhatFailedOnlyAtItsOwnPlace) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  EXPECT_EQ(Waits({.run_id = "9", .commit = kB}).commits, std::vector<std::string>{kA});
  EXPECT_FALSE(Waits({.run_id = "9", .commit = kB}).flake);
  EXPECT_TRUE(Waits({.run_id = "9", .commit = kA}).flake) << "another run of the commit";
  EXPECT_TRUE(Waits({.run_id = "1", .commit = kA, .attempt = 2}).flake);
  EXPECT_FALSE(Waits({.run_id = "1", .commit = kA, .attempt = 1}).flake) << "the run itself";
  EXPECT_FALSE(Waits({.run_id = "9", .commit = kA, .workflow = "Docs"}).any());
  EXPECT_FALSE(Waits({.run_id = "9", .pull_request = 3, .commit = kA}).any()) << "another event";
  RunHint elsewhere = HintOf({.run_id = "9", .commit = kA});
  elsewhere.key.repo = "acme/other";
  EXPECT_FALSE(store_->WaitsForGreen(elsewhere)->any());
  elsewhere = HintOf({.run_id = "9", .commit = kB});
  elsewhere.branch = "release";
  EXPECT_FALSE(store_->WaitsForGreen(elsewhere)->any());
}

TEST_P(GreenContract, NothingWaitsForThePullRequestsOwnGreenCommit) {
  Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA}));
  EXPECT_FALSE(Waits({.run_id = "2", .pull_request = 5, .commit = kB}).any());
}

TEST_P(GreenContract, AnotherGreenRunOfACommitMarksAFlake) {
  Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA}));
  Deliver(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  Next(Passes({.run_id = "3", .pull_request = 5, .commit = kA}));
  EXPECT_EQ(HistoryOf().seen, 2);
  EXPECT_EQ(HistoryOf().recovered, 1);
  EXPECT_NE(LastReason("recovered").find("another run"), std::string::npos);
  Next(Passes({.run_id = "3", .pull_request = 5, .commit = kA}));
  EXPECT_EQ(CountDecisions("recovered"), 1);
  EXPECT_EQ(CountDecisions("ignored"), 1) << "the second changes nothing";
}

TEST_P(GreenContract, AGreenBaseBranchEndsItsIncidentAndItsTask) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Next(Passes({.run_id = "2", .commit = kB}));
  EXPECT_EQ(StateOf(task), TaskState::kSuperseded);
  EXPECT_EQ(Read(task).reason, "the base branch is green again at bbbbbbbbbbbb");
  EXPECT_EQ(CountDecisions("green"), 1);
  EXPECT_FALSE(HistoryOf().flaky()) << "another commit is no other result";
  EXPECT_EQ(Next(Fails({.run_id = "3", .commit = kC})).size(), 1u) << "a new incident";
}

TEST_P(GreenContract, AGreenRunOfAnOlderCommitEndsNothing) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  DeliveryOutcome green = Passes({.run_id = "2", .commit = kB});
  Next(Fails({.run_id = "3", .commit = kC}));
  Next(green);
  EXPECT_EQ(StateOf(task), TaskState::kQueued) << "it failed again at a commit that is newer";
  EXPECT_EQ(Waits({.run_id = "4"}).commits, std::vector<std::string>{kC});
}

TEST_P(GreenContract, AnOpenChangeIsWatchedOn) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Advance(TaskState::kRepairing);
  Advance(TaskState::kPublishing);
  TaskUpdate opened;
  opened.to = TaskState::kWatching;
  opened.change = Change{7, "https://example/7", true};
  ASSERT_TRUE(store_->Commit(ClaimTask(), opened).ok());
  Next(Passes({.run_id = "2", .commit = kB}));
  EXPECT_EQ(StateOf(task), TaskState::kWatching);
  EXPECT_EQ(CountDecisions("green"), 1) << "the incident is over all the same";
  EXPECT_FALSE(Waits({.run_id = "3", .commit = kC}).any());
}

TEST_P(GreenContract, AnOpenChangeInAnotherRoundIsKept) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Advance(TaskState::kRepairing);
  Advance(TaskState::kPublishing);
  TaskUpdate opened;
  opened.to = TaskState::kWatching;
  opened.change = Change{7, "https://example/7", true};
  ASSERT_TRUE(store_->Commit(ClaimTask(), opened).ok());
  Advance(TaskState::kRepairing);
  Next(Passes({.run_id = "2", .commit = kB}));
  EXPECT_EQ(StateOf(task), TaskState::kRepairing);
}

TEST_P(GreenContract, AWorkerThatOpensAChangeIsNotDisturbed) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Advance(TaskState::kRepairing);
  Advance(TaskState::kPublishing);
  const TaskLease held = ClaimTask();
  Next(Passes({.run_id = "2", .commit = kB}));
  EXPECT_EQ(StateOf(task), TaskState::kPublishing);
  EXPECT_TRUE(store_->Renew(held, kTtl).ok());
}

TEST_P(GreenContract, AWorkerThatRepairsIsFenced) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Advance(TaskState::kRepairing);
  const TaskLease held = ClaimTask();
  Next(Passes({.run_id = "2", .commit = kB}));
  EXPECT_EQ(StateOf(task), TaskState::kSuperseded);
  EXPECT_EQ(store_->Renew(held, kTtl).code(), StatusCode::kFailedPrecondition);
}

TEST_P(GreenContract, ATaskThatWaitsForThisVeryRerunHearsItItself) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Advance(TaskState::kRepairing);
  Advance(TaskState::kRerunning);
  Next(Passes({.run_id = "1", .commit = kA, .attempt = 2}));
  EXPECT_EQ(StateOf(task), TaskState::kRerunning);
  EXPECT_TRUE(HistoryOf().flaky());
}

TEST_P(GreenContract, ATaskThatWaitsForAnotherRerunIsSuperseded) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Advance(TaskState::kRepairing);
  Advance(TaskState::kRerunning);
  Next(Passes({.run_id = "2", .commit = kB}));
  EXPECT_EQ(StateOf(task), TaskState::kSuperseded);
}

TEST_P(GreenContract, AFailureThatIsGreenAlreadyCountsAsAFlakeAndOpensNothing) {
  DeliveryOutcome late = Fails({.run_id = "1", .commit = kA});
  late.incidents[0].plan.reset();
  late.incidents[0].recovered = true;
  EXPECT_TRUE(Deliver(late).empty());
  EXPECT_TRUE(Deliver(late).empty());
  EXPECT_EQ(HistoryOf().seen, 1);
  EXPECT_EQ(HistoryOf().recovered, 1);
  EXPECT_TRUE(store_->ListDecisions(10)->empty());
  EXPECT_FALSE(Waits({.run_id = "1", .commit = kA, .attempt = 2}).any());
  EXPECT_EQ(Next(Fails({.run_id = "2", .commit = kB})).size(), 1u);
}

TEST_P(GreenContract, SaysThatATemplateWasDemoted) {
  DeliveryOutcome outcome = Fails({.run_id = "1", .commit = kA});
  outcome.incidents[0].demoted = "too few of its changes were merged";
  const std::string task = OnlyTask(Deliver(outcome));
  const auto decisions = store_->ListDecisions(1);
  ASSERT_EQ(decisions->size(), 1u);
  EXPECT_EQ(decisions->front().kind, "demoted");
  EXPECT_EQ(decisions->front().task_id, task);
  outcome.incidents[0].incident.run.key.run_id = "2";
  Next(outcome);
  EXPECT_EQ(CountDecisions("demoted"), 1) << "it joined; nothing was chosen";
}

TEST_P(GreenContract, TellsWhenAFingerprintWasSeenNewestFirst) {
  const absl::Time start = clock_.Now();
  for (int i = 0; i < 105; ++i) Next(Fails({.run_id = std::to_string(i), .plan = false}));
  const History history = HistoryOf();
  EXPECT_EQ(history.seen, 105);
  ASSERT_EQ(history.times.size(), History::kMostTimes);
  EXPECT_EQ(history.times.front(), start + absl::Seconds(105));
  EXPECT_EQ(history.times.back(), start + absl::Seconds(6));
}

}  // namespace
}  // namespace regreen
