// "Main is broken": what pull requests inherit from their base branch, and what is run again.
#include <set>

#include "tests/contract/store_contract_green.h"

namespace regreen {
namespace {

class MainIsBrokenContract : public GreenContract {};
INSTANTIATE_TEST_SUITE_P(Store, MainIsBrokenContract, ::testing::ValuesIn(kStores), KindName);

TEST_P(MainIsBrokenContract, APullRequestInheritsWhatItsBaseBranchShows) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  EXPECT_TRUE(Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB})).empty());
  EXPECT_TRUE(Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB})).empty());
  EXPECT_EQ(CountDecisions("inherited"), 1);
  EXPECT_EQ(CountDecisions("ignored"), 1);
  EXPECT_EQ(LastReason("inherited"), "the base branch main has the same failure; task " + task +
                                         " works on it; this run is run again when it is green");
}

TEST_P(MainIsBrokenContract, APullRequestInheritsWhatNoTemplateMatches) {
  Deliver(Fails({.run_id = "1", .commit = kA, .plan = false}));
  EXPECT_TRUE(Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB})).empty());
  EXPECT_EQ(LastReason("inherited"),
            "the base branch main has the same failure; no template matches it; this run is run "
            "again when it is green");
}

TEST_P(MainIsBrokenContract, AnotherFailureOfAPullRequestIsItsOwn) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  EXPECT_EQ(
      Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB, .fingerprint = "g"})).size(), 1u);
  EXPECT_EQ(CountDecisions("inherited"), 0);
}

TEST_P(MainIsBrokenContract, EachPullRequestThatInheritedIsRunAgainOnce) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  for (const int pull : {5, 6, 7})
    Next(Fails({.run_id = std::to_string(pull * 10), .pull_request = pull, .commit = kB}));
  const DeliveryOutcome green = Passes({.run_id = "9", .commit = kC});
  const std::vector<std::string> made = Next(green);
  ASSERT_EQ(made.size(), 3u);
  std::set<std::string> runs;
  for (const std::string& id : made) {
    const Task task = Read(id);
    runs.insert(task.incident.run.key.run_id);
    EXPECT_EQ(task.state, TaskState::kQueued);
    EXPECT_EQ(task.plan.template_name, "inherited");
    EXPECT_EQ(task.plan.steps[0].kind, StepKind::kRerun);
    EXPECT_EQ(task.incident.run.event, "pull_request");
    EXPECT_EQ(task.incident_id, "");
    EXPECT_NE(task.reason.find("main is green again at cccccccccccc"), std::string::npos);
  }
  EXPECT_EQ(runs, (std::set<std::string>{"50", "60", "70"}));
  EXPECT_EQ(CountDecisions("rerun"), 3);
  EXPECT_TRUE(Next(green).empty()) << "another delivery of the same green run";
  EXPECT_FALSE(Waits({.run_id = "10", .commit = kC}).any());
}

TEST_P(MainIsBrokenContract, WaitsOnWhenTheTaskOfTheBaseBranchHasEnded) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  ASSERT_TRUE(store_->Move(task, TaskState::kCancelled, "by hand").ok());
  EXPECT_EQ(Waits({.run_id = "3", .commit = kC}).commits, std::vector<std::string>{kA});
  EXPECT_EQ(Next(Passes({.run_id = "3", .commit = kC})).size(), 1u);
}

TEST_P(MainIsBrokenContract, OnlyTheNewestRunOfAPullRequestIsRunAgain) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  Next(Fails({.run_id = "3", .pull_request = 5, .commit = kC}));
  Next(Fails({.run_id = "4", .pull_request = 6, .commit = kB}));
  Next(Fails({.run_id = "5", .pull_request = 6, .commit = kC, .fingerprint = "g"}));
  const std::vector<std::string> made = Next(Passes({.run_id = "9", .commit = kC}));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(Read(made[0]).incident.run.key.run_id, "3");
}

TEST_P(MainIsBrokenContract, ALateWordOfAnOlderRunTakesNoneItsRerun) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Next(Fails({.run_id = "3", .pull_request = 5, .commit = kC}));
  DeliveryOutcome late = Fails({.run_id = "2", .pull_request = 5, .commit = kB});
  late.incidents[0].recovered = true;
  Next(late);
  EXPECT_EQ(Next(Passes({.run_id = "9", .commit = kC})).size(), 1u);
}

TEST_P(MainIsBrokenContract, ARunWithAFailureOfItsOwnIsNotRunAgain) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  DeliveryOutcome both = Fails({.run_id = "2", .pull_request = 5, .commit = kB});
  both.incidents.push_back(
      Fails({.run_id = "2", .pull_request = 5, .commit = kB, .fingerprint = "g"}).incidents[0]);
  const std::string own = OnlyTask(Next(both));
  EXPECT_TRUE(Next(Passes({.run_id = "9", .commit = kC})).empty());
  EXPECT_EQ(StateOf(own), TaskState::kQueued);
}

TEST_P(MainIsBrokenContract, ARunThatInheritsTwiceIsRunAgainWhenBothAreOver) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Deliver(Fails({.run_id = "2", .commit = kA, .fingerprint = "g", .workflow = "Docs"}));
  DeliveryOutcome both = Fails({.run_id = "3", .pull_request = 5, .commit = kB});
  both.incidents.push_back(
      Fails({.run_id = "3", .pull_request = 5, .commit = kB, .fingerprint = "g"}).incidents[0]);
  Next(both);
  EXPECT_TRUE(Next(Passes({.run_id = "8", .commit = kC})).empty());
  EXPECT_EQ(Next(Passes({.run_id = "9", .commit = kC, .workflow = "Docs"})).size(), 1u);
}

TEST_P(MainIsBrokenContract, ARunThatIsGreenByItselfWaitsNoMore) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  EXPECT_TRUE(Waits({.run_id = "2", .pull_request = 5, .commit = kB, .attempt = 2}).flake);
  Next(Passes({.run_id = "2", .pull_request = 5, .commit = kB, .attempt = 2}));
  EXPECT_FALSE(HistoryOf().flaky()) << "what went with the base branch is no flake";
  EXPECT_TRUE(Next(Passes({.run_id = "9", .commit = kC})).empty());
}

TEST_P(MainIsBrokenContract, ARunOfAForkOrOfAnotherCiIsNotRunAgain) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  DeliveryOutcome fork = Fails({.run_id = "2", .pull_request = 5, .commit = kB});
  fork.incidents[0].incident.run.from_fork = true;
  DeliveryOutcome foreign = Fails({.run_id = "3", .pull_request = 6, .commit = kB});
  foreign.incidents[0].incident.run.foreign = true;
  Next(fork);
  Next(foreign);
  EXPECT_TRUE(Next(Passes({.run_id = "9", .commit = kC})).empty());
}

TEST_P(MainIsBrokenContract, TheBaseBranchTakesOverWhatAPullRequestShowedFirst) {
  const std::string of_pull =
      OnlyTask(Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA})));
  EXPECT_TRUE(Next(Fails({.run_id = "2", .pull_request = 6, .commit = kA})).empty());
  const std::string of_base = OnlyTask(Next(Fails({.run_id = "3", .commit = kB})));
  EXPECT_EQ(StateOf(of_pull), TaskState::kSuperseded);
  EXPECT_EQ(Read(of_pull).reason,
            "the base branch main has the same failure, and task " + of_base + " repairs it there");
  EXPECT_EQ(StateOf(of_base), TaskState::kQueued);
  EXPECT_EQ(Read(of_base).incident.run.branch, "main");
  EXPECT_NE(Read(of_base).incident_id, Read(of_pull).incident_id);
  EXPECT_EQ(CountDecisions("inherited"), 2);
  EXPECT_EQ(Next(Passes({.run_id = "9", .commit = kC})).size(), 2u) << "both are run again";
}

TEST_P(MainIsBrokenContract, ABaseBranchThatTakesOverKeepsAnOpenChange) {
  const std::string of_pull =
      OnlyTask(Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA})));
  for (const TaskState step : {TaskState::kRepairing, TaskState::kPublishing, TaskState::kWatching})
    Advance(step);
  EXPECT_EQ(Next(Fails({.run_id = "3", .commit = kB})).size(), 1u);
  EXPECT_EQ(StateOf(of_pull), TaskState::kWatching);
}

TEST_P(MainIsBrokenContract, ABaseBranchWithoutATemplateTakesOverToo) {
  const std::string of_pull =
      OnlyTask(Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA})));
  EXPECT_TRUE(Next(Fails({.run_id = "3", .commit = kB, .plan = false})).empty());
  EXPECT_EQ(StateOf(of_pull), TaskState::kSuperseded);
  EXPECT_EQ(CountDecisions("unmatched"), 1);
}

TEST_P(MainIsBrokenContract, TakesOverOnceHoweverManyDeliveriesTellOfIt) {
  Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA}));
  Next(Fails({.run_id = "3", .commit = kB}));
  Next(Fails({.run_id = "3", .commit = kB}));
  EXPECT_EQ(CountDecisions("inherited"), 1);
  EXPECT_EQ(CountDecisions("ignored"), 1);
  EXPECT_EQ(store_->ListTasks({})->size(), 2u);
}

TEST_P(MainIsBrokenContract, RerunsSurviveAProcessThatEnds) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  store_ = nullptr;
  store_ = Open();
  const std::string task = OnlyTask(Next(Passes({.run_id = "9", .commit = kC})));
  store_ = nullptr;
  store_ = Open();
  EXPECT_EQ(StateOf(task), TaskState::kQueued);
  EXPECT_FALSE(Waits({.run_id = "10", .commit = kC}).any());
}

}  // namespace
}  // namespace regreen
