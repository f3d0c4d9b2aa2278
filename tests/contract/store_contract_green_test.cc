// Green runs and "main is broken": what a green run marks and ends, what pull requests inherit from
// their base branch, and what is run again.
#include <ostream>
#include <set>

#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

const std::string kA(40, 'a'), kB(40, 'b'), kC(40, 'c');

Plan RerunPlan() {
  Plan plan;
  plan.template_name = "inherited";
  plan.steps.resize(1);
  plan.steps[0].name = "rerun";
  plan.steps[0].kind = StepKind::kRerun;
  return plan;
}

class GreenContract : public StoreContract {
 protected:
  struct Made {
    std::string run_id = "1";
    int pull_request = 0;  // 0: of main itself
    std::string commit = kA;
    std::string fingerprint = "f";
    bool plan = true;
    int attempt = 1;
    std::string workflow = "CI";
  };
  static Incident IncidentOf(const Made& made) {
    Incident incident = MakeIncident(made.run_id);
    RunFacts& run = incident.run;
    run.key.attempt = made.attempt;
    run.base_branch = "main";
    run.branch = made.pull_request == 0 ? "main" : "topic-" + std::to_string(made.pull_request);
    run.pull_request = made.pull_request;
    run.event = made.pull_request == 0 ? "push" : "pull_request";
    run.workflow = made.workflow;
    run.commit = made.commit;
    incident.evidence.fingerprint = made.fingerprint;
    return incident;
  }
  static DeliveryOutcome Fails(const Made& made) {
    IncidentOutcome outcome;
    outcome.incident = IncidentOf(made);
    outcome.key = IncidentKey(outcome.incident.run, outcome.incident.evidence);
    if (made.plan) outcome.plan = MakePlan();
    outcome.reason = made.plan ? "the template matched" : "no template matched";
    DeliveryOutcome all;
    all.incidents.push_back(std::move(outcome));
    return all;
  }
  static RunHint HintOf(const Made& made) {
    const RunFacts run = IncidentOf(made).run;
    RunHint hint;
    hint.key = run.key;
    hint.workflow = run.workflow;
    hint.event = run.event;
    hint.branch = run.branch;
    hint.commit = run.commit;
    return hint;
  }
  GreenWaits Waits(const Made& made) {
    const auto waits = store_->WaitsForGreen(HintOf(made));
    EXPECT_TRUE(waits.ok()) << Message(waits.status());
    return waits.value_or(GreenWaits());
  }
  // A green run that overtakes all that waits for it.
  DeliveryOutcome Passes(const Made& made) {
    const RunHint hint = HintOf(made);
    DeliveryOutcome outcome;
    outcome.green = GreenRun{hint.key,    hint.workflow,       hint.event, hint.branch,
                             hint.commit, Waits(made).commits, RerunPlan()};
    return outcome;
  }
  // The moment after what was delivered before.
  std::vector<std::string> Next(const DeliveryOutcome& outcome) {
    clock_.Advance(absl::Seconds(1));
    return Deliver(outcome);
  }
  std::string OnlyTask(const std::vector<std::string>& made) {
    EXPECT_EQ(made.size(), 1u);
    return made.empty() ? "" : made[0];
  }
  TaskState StateOf(const std::string& id) { return Read(id).state; }
  std::string LastReason(const std::string& kind) {
    const auto decisions = store_->ListDecisions(1000);
    EXPECT_TRUE(decisions.ok());
    for (const Decision& decision : decisions.value_or(std::vector<Decision>())) {
      if (decision.kind == kind) return decision.reason;
    }
    return "";
  }
  History HistoryOf() {
    const auto history = store_->ReadHistory({"github", "acme/shop", "next", 1}, "f");
    EXPECT_TRUE(history.ok()) << Message(history.status());
    return history.value_or(History());
  }
};
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

TEST_P(GreenContract, APullRequestInheritsWhatItsBaseBranchShows) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  EXPECT_TRUE(Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB})).empty());
  EXPECT_TRUE(Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB})).empty());
  EXPECT_EQ(CountDecisions("inherited"), 1);
  EXPECT_EQ(CountDecisions("ignored"), 1);
  EXPECT_EQ(LastReason("inherited"), "the base branch main has the same failure; task " + task +
                                         " works on it; this run is run again when it is green");
}

TEST_P(GreenContract, APullRequestInheritsWhatNoTemplateMatches) {
  Deliver(Fails({.run_id = "1", .commit = kA, .plan = false}));
  EXPECT_TRUE(Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB})).empty());
  EXPECT_EQ(LastReason("inherited"),
            "the base branch main has the same failure; no template matches it; this run is run "
            "again when it is green");
}

TEST_P(GreenContract, AnotherFailureOfAPullRequestIsItsOwn) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  EXPECT_EQ(
      Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB, .fingerprint = "g"})).size(), 1u);
  EXPECT_EQ(CountDecisions("inherited"), 0);
}

TEST_P(GreenContract, EachPullRequestThatInheritedIsRunAgainOnce) {
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

TEST_P(GreenContract, WaitsOnWhenTheTaskOfTheBaseBranchHasEnded) {
  const std::string task = OnlyTask(Deliver(Fails({.run_id = "1", .commit = kA})));
  Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  ASSERT_TRUE(store_->Move(task, TaskState::kCancelled, "by hand").ok());
  EXPECT_EQ(Waits({.run_id = "3", .commit = kC}).commits, std::vector<std::string>{kA});
  EXPECT_EQ(Next(Passes({.run_id = "3", .commit = kC})).size(), 1u);
}

TEST_P(GreenContract, OnlyTheNewestRunOfAPullRequestIsRunAgain) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  Next(Fails({.run_id = "3", .pull_request = 5, .commit = kC}));
  Next(Fails({.run_id = "4", .pull_request = 6, .commit = kB}));
  Next(Fails({.run_id = "5", .pull_request = 6, .commit = kC, .fingerprint = "g"}));
  const std::vector<std::string> made = Next(Passes({.run_id = "9", .commit = kC}));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(Read(made[0]).incident.run.key.run_id, "3");
}

TEST_P(GreenContract, ARunWithAFailureOfItsOwnIsNotRunAgain) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  DeliveryOutcome both = Fails({.run_id = "2", .pull_request = 5, .commit = kB});
  both.incidents.push_back(
      Fails({.run_id = "2", .pull_request = 5, .commit = kB, .fingerprint = "g"}).incidents[0]);
  const std::string own = OnlyTask(Next(both));
  EXPECT_TRUE(Next(Passes({.run_id = "9", .commit = kC})).empty());
  EXPECT_EQ(StateOf(own), TaskState::kQueued);
}

TEST_P(GreenContract, ARunThatInheritsTwiceIsRunAgainWhenBothAreOver) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Deliver(Fails({.run_id = "2", .commit = kA, .fingerprint = "g", .workflow = "Docs"}));
  DeliveryOutcome both = Fails({.run_id = "3", .pull_request = 5, .commit = kB});
  both.incidents.push_back(
      Fails({.run_id = "3", .pull_request = 5, .commit = kB, .fingerprint = "g"}).incidents[0]);
  Next(both);
  EXPECT_TRUE(Next(Passes({.run_id = "8", .commit = kC})).empty());
  EXPECT_EQ(Next(Passes({.run_id = "9", .commit = kC, .workflow = "Docs"})).size(), 1u);
}

TEST_P(GreenContract, ARunThatIsGreenByItselfWaitsNoMore) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  Next(Fails({.run_id = "2", .pull_request = 5, .commit = kB}));
  EXPECT_TRUE(Waits({.run_id = "2", .pull_request = 5, .commit = kB, .attempt = 2}).flake);
  Next(Passes({.run_id = "2", .pull_request = 5, .commit = kB, .attempt = 2}));
  EXPECT_FALSE(HistoryOf().flaky()) << "what went with the base branch is no flake";
  EXPECT_TRUE(Next(Passes({.run_id = "9", .commit = kC})).empty());
}

TEST_P(GreenContract, ARunOfAForkOrOfAnotherCiIsNotRunAgain) {
  Deliver(Fails({.run_id = "1", .commit = kA}));
  DeliveryOutcome fork = Fails({.run_id = "2", .pull_request = 5, .commit = kB});
  fork.incidents[0].incident.run.from_fork = true;
  DeliveryOutcome foreign = Fails({.run_id = "3", .pull_request = 6, .commit = kB});
  foreign.incidents[0].incident.run.foreign = true;
  Next(fork);
  Next(foreign);
  EXPECT_TRUE(Next(Passes({.run_id = "9", .commit = kC})).empty());
}

TEST_P(GreenContract, TheBaseBranchTakesOverWhatAPullRequestShowedFirst) {
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

TEST_P(GreenContract, ABaseBranchThatTakesOverKeepsAnOpenChange) {
  const std::string of_pull =
      OnlyTask(Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA})));
  for (const TaskState step : {TaskState::kRepairing, TaskState::kPublishing, TaskState::kWatching})
    Advance(step);
  EXPECT_EQ(Next(Fails({.run_id = "3", .commit = kB})).size(), 1u);
  EXPECT_EQ(StateOf(of_pull), TaskState::kWatching);
}

TEST_P(GreenContract, ABaseBranchWithoutATemplateTakesOverToo) {
  const std::string of_pull =
      OnlyTask(Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA})));
  EXPECT_TRUE(Next(Fails({.run_id = "3", .commit = kB, .plan = false})).empty());
  EXPECT_EQ(StateOf(of_pull), TaskState::kSuperseded);
  EXPECT_EQ(CountDecisions("unmatched"), 1);
}

TEST_P(GreenContract, TakesOverOnceHoweverManyDeliveriesTellOfIt) {
  Deliver(Fails({.run_id = "1", .pull_request = 5, .commit = kA}));
  Next(Fails({.run_id = "3", .commit = kB}));
  Next(Fails({.run_id = "3", .commit = kB}));
  EXPECT_EQ(CountDecisions("inherited"), 1);
  EXPECT_EQ(CountDecisions("ignored"), 1);
  EXPECT_EQ(store_->ListTasks({})->size(), 2u);
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

TEST_P(GreenContract, RerunsSurviveAProcessThatEnds) {
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
