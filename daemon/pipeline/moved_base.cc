#include "daemon/pipeline/moved_base.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/pipeline/change_text.h"
#include "daemon/pipeline/publish.h"
#include "daemon/pipeline/repair.h"

namespace regreen {
namespace {

constexpr std::string_view kMoved = "rebased";  // of an entry
constexpr char kGivenName[] = "the patch of the change";

bool MayMove(const Task& task, const Followed& followed) {
  const RunFacts& run = task.incident.run;
  if (run.pinned || TargetOf(task) != run.branch) return false;
  int moves = 0;
  absl::Time last = absl::InfinitePast();
  for (const TimelineEntry& entry : followed.timeline) {
    if (entry.kind == kMoved) ++moves;
    if (entry.kind == kMoved || entry.kind == "pushed") last = std::max(last, entry.at);
  }
  // The task was claimed just now, which its store noted by the clock of the timeline.
  return moves < kMostRebases && task.updated_at - last >= kBaseRest;
}

// The rungs that make a patch: the run of the old commit is not asked for again, and what was told
// is not told again.
std::vector<Step> StepsOnNewBase(const Plan& plan, bool given) {
  std::vector<Step> steps;
  if (given) {
    Step step;
    step.name = kGivenName;
    step.kind = StepKind::kGiven;
    steps.push_back(std::move(step));
  }
  for (const Step& step : plan.steps) {
    if (step.kind == StepKind::kRun || step.kind == StepKind::kAgent) steps.push_back(step);
  }
  return steps;
}

TaskUpdate MoveOnto(const Task& task, const std::string& tip, const StatusOr<Patch>& rebased) {
  const std::string where = Cat(EscapeControl(Truncate(TargetOf(task), 100)), " moved to ",
                                EscapeControl(tip.substr(0, 12)));
  TaskUpdate update = MoveTo(
      TaskState::kRepairing,
      rebased.ok() ? Cat(where, ": the change is brought there, and proven again")
                   : Cat(where, ", and ", Message(rebased.status()), ": it is repaired anew"));
  update.plan = task.plan;
  update.plan->steps = StepsOnNewBase(task.plan, rebased.ok());
  update.ladder = LadderPosition();
  update.artifacts.push_back({std::string(kBaseArtifact), tip});
  if (rebased.ok()) update.artifacts.push_back({std::string(kGivenArtifact), rebased->bytes});
  update.timeline.push_back({{}, std::string(kMoved), update.reason});
  return update;
}

}  // namespace

StatusOr<MovedBase> LookAtBase(const FollowDependencies& deps, Forge& forge, const Task& task,
                               const Followed& followed, std::stop_token stop) {
  MovedBase out;
  if (deps.mirror == nullptr || deps.rebaser == nullptr || followed.proof == nullptr) return out;
  if (!MayMove(task, followed)) return out;
  const Patch& patch = followed.proof->patch;
  ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(task.incident.run.key.repo));
  ASSIGN_OR_RETURN(const auto tip, deps.mirror->RemoteTip(remote, TargetOf(task), stop));
  if (!tip || *tip == patch.base_commit) return out;
  ASSIGN_OR_RETURN(const std::string folder, deps.mirror->Ensure(remote, *tip, stop));
  const auto rebased = deps.rebaser->Rebase(folder, patch, *tip, stop);
  if (!rebased.ok() && rebased.status().code() != StatusCode::kFailedPrecondition)
    return rebased.status();
  if (rebased.ok() && rebased->empty()) {
    out.contained = true;
    out.sentence = Cat("the branch ", EscapeControl(Truncate(TargetOf(task), 100)),
                       " has all of it already, at ", EscapeControl(tip->substr(0, 12)));
    return out;
  }
  out.update = MoveOnto(task, *tip, rebased);
  return out;
}

Task OnBase(Task task, std::string commit) {
  task.incident.run.commit = std::move(commit);
  // It is not the commit of the run any more, which is of no account from here on.
  task.incident.run.pinned = true;
  return task;
}

}  // namespace regreen
