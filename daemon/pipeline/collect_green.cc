// What a green run ends: a flake is marked, its branch's own failure is over, and what inherited
// that is run again.
#include "daemon/base/crash_point.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/collect.h"

namespace regreen {
namespace {

// One re-run of a run that failed for its base branch alone; whether it still is the newest is read
// again before it is asked for.
Plan RerunPlan() {
  Plan plan;
  plan.template_name = "inherited";
  plan.title = "Run again what failed with its base branch";
  plan.stage = Stage::kSuggest;
  Step step;
  step.name = "rerun";
  step.kind = StepKind::kRerun;
  step.times = 1;
  plan.steps = {step};
  return plan;
}

GreenRun GreenOf(const RunHint& hint) {
  GreenRun green;
  green.key = hint.key;
  green.workflow = hint.workflow;
  green.event = hint.event;
  green.branch = hint.branch;
  green.commit = hint.commit;
  green.rerun = RerunPlan();
  return green;
}

}  // namespace

// Most green runs end here, without a call. A forge knows nothing of a foreign run: the delivery,
// which was authenticated, is all that there is.
StatusOr<DeliveryOutcome> Collector::CollectGreen(const Delivery& delivery, Forge& forge,
                                                  const RunEvent& event,
                                                  std::stop_token stop) const {
  const RunHint& hint = event.run;
  const std::string name = ToString(hint.key);
  DeliveryOutcome outcome;
  const auto end = [&](std::string kind, std::string reason) {
    outcome.decisions.push_back(DecideOn(delivery, name, std::move(kind), std::move(reason)));
    return outcome;
  };
  ASSIGN_OR_RETURN(const GreenWaits waits, deps_.records->WaitsForGreen(hint));
  if (!waits.any()) {
    return end("ignored", Cat("the run's conclusion is ", EscapeControl(event.conclusion),
                              ", and nothing waits for it"));
  }
  GreenRun green = GreenOf(hint);
  if (!hint.foreign) {
    ASSIGN_OR_RETURN(const RunFacts run, forge.ReadRun(hint, stop));
    CrashPoint("collect.read");
    if (!run.completed) return Unavailable(Cat("run ", name, " is not completed yet by its forge"));
    if (!run.passed) {
      return end("dropped",
                 Cat("the run is not green: its conclusion is ", EscapeControl(run.conclusion)));
    }
    if (run.from_fork) return end("dropped", "the run is of a fork, and forks are not worked on");
    green.key = run.key;
    green.workflow = run.workflow;
    green.event = run.event;
    green.branch = run.branch;
    green.commit = run.commit;
  }
  ASSIGN_OR_RETURN(green.overtaken, Overtaken(forge, green, waits.commits, stop));
  outcome.green = std::move(green);
  return outcome;
}

// A green run of an older commit says nothing of what came after. One whose commit does not hold
// the failed one has overtaken it when it is the branch's tip: someone forced it there.
StatusOr<std::vector<std::string>> Collector::Overtaken(Forge& forge, const GreenRun& green,
                                                        const std::vector<std::string>& commits,
                                                        std::stop_token stop) const {
  std::vector<std::string> overtaken;
  std::optional<bool> is_tip;
  for (const std::string& commit : commits) {
    bool newer = commit == green.commit;
    if (!newer) {
      ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(green.key.repo));
      if (!is_tip) {
        ASSIGN_OR_RETURN(const auto tip, deps_.mirror->RemoteTip(remote, green.branch, stop));
        is_tip = tip == green.commit;
      }
      newer = *is_tip;
      if (!newer) {
        const auto folder = deps_.mirror->Ensure(remote, green.commit, stop);
        if (folder.status().code() == StatusCode::kNotFound) continue;  // forced away itself
        RETURN_IF_ERROR(folder.status());
        ASSIGN_OR_RETURN(newer, deps_.mirror->Contains(*folder, green.commit, commit));
      }
    }
    if (newer) overtaken.push_back(commit);
  }
  return overtaken;
}

}  // namespace regreen
