#include "daemon/pipeline/resume.h"

#include <utility>

#include "daemon/base/text.h"
#include "daemon/pipeline/repair.h"

namespace regreen {

StatusOr<HandTask> ResumeTask(WorkspaceFactory& workspaces, const Task& task, const std::string& by,
                              std::stop_token stop) {
  if (!IsTerminal(task.state)) {
    return InvalidArgument(Cat("task ", task.id, " is ", ToString(task.state),
                               ": what it does goes on by itself; end it first to take it over"));
  }
  WorkspaceSpec spec;
  spec.task_id = task.id;
  ASSIGN_OR_RETURN(const auto workspace, workspaces.Reopen(spec, stop));
  ASSIGN_OR_RETURN(Patch patch, workspace->Capture(stop));
  if (patch.empty()) {
    return InvalidArgument(Cat("nothing was changed in the workspace of task ", task.id,
                               ": repair it first, by regreen task shell ", task.id));
  }
  HandTask out;
  out.incident = task.incident;
  out.incident.id.clear();
  out.plan = task.plan;
  Step given;
  given.name = "by hand";
  given.kind = StepKind::kGiven;
  out.plan.steps = {std::move(given)};
  out.plan.then.clear();
  out.plan.hold = false;
  // It goes on from there: the pause after a failure is for those who would try the same again.
  out.plan.limits.cooldown = absl::ZeroDuration();
  out.by = by;
  out.reason = Cat("by hand by ", EscapeControl(Truncate(by, 100)),
                   ": goes on from what was left in ", "the workspace of task ", task.id);
  out.artifacts.push_back({std::string(kGivenArtifact), std::move(patch.bytes)});
  return out;
}

}  // namespace regreen
