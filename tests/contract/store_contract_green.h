// Failures of main and of pull requests into it, and green runs, for the contract of stores.
#pragma once

#include <string>
#include <vector>

#include "tests/contract/store_contract.h"

namespace regreen {

inline const std::string kA(40, 'a'), kB(40, 'b'), kC(40, 'c');

inline Plan RerunPlan() {
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

}  // namespace regreen
