#include "daemon/pipeline/runner.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/domain/transition.h"
#include "daemon/guard/guard.h"

namespace regreen {
namespace {

TaskUpdate RefusedNow(const Verdict& verdict) {
  TaskUpdate update;
  update.to = TaskState::kFailed;
  update.reason = "the guard in force now refuses the proven patch";
  for (const Finding& finding : verdict.findings) {
    Append(update.reason, "; ", finding.rule, ": ", finding.file, finding.file.empty() ? "" : ": ",
           finding.reason);
  }
  return update;
}

}  // namespace

StatusOr<TaskUpdate> TaskRunner::Run(const Task& task, RepairLog& log, std::stop_token stop) const {
  const auto forge = deps_.adapters->forges.find(task.incident.run.key.forge);
  if (forge == deps_.adapters->forges.end()) {
    return NotFound(Cat("no forge named ", task.incident.run.key.forge, " is configured any more"));
  }
  switch (task.state) {
    case TaskState::kQueued: {
      TaskUpdate update;
      update.to = TaskState::kRepairing;
      update.reason = "a worker took it";
      return update;
    }
    case TaskState::kRepairing:
      return RunRepair(*forge->second, task, log, stop);
    case TaskState::kPublishing:
      return RunPublish(*forge->second, task, log, stop);
    case TaskState::kWatching:
      return Follow(*forge->second, task, deps_.watch_every, stop);
    default:
      return Internal(Cat("a worker has nothing to do for a task that is ", ToString(task.state)));
  }
}

StatusOr<TaskUpdate> TaskRunner::RunRepair(Forge& forge, const Task& task, RepairLog& log,
                                           std::stop_token stop) const {
  ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(task.incident.run.key.repo));
  ASSIGN_OR_RETURN(const std::string folder,
                   deps_.mirror->Ensure(remote, task.incident.run.commit, stop));
  ASSIGN_OR_RETURN(RepairOutcome outcome,
                   Repairer({deps_.workspaces, deps_.policies->Current()->guard})
                       .Repair(task, folder, log, stop));
  TaskUpdate update;
  update.reason = std::move(outcome.reason);
  switch (outcome.kind) {
    case RepairOutcome::Kind::kUnreproducible:
      update.to = TaskState::kUnreproducible;
      return update;
    case RepairOutcome::Kind::kFailed:
      update.to = TaskState::kFailed;
      return update;
    case RepairOutcome::Kind::kProven:
      break;
  }
  const bool shadow = task.plan.stage == Stage::kShadow;
  update.to = shadow ? TaskState::kShadowed : TaskState::kPublishing;
  update.patch_digest = outcome.proof.patch.digest;
  update.artifacts.push_back({std::string(kProofArtifact), ProofToJson(outcome.proof)});
  if (shadow)
    update.artifacts.push_back({std::string(kRequestArtifact), RequestText(task, outcome.proof)});
  update.artifacts.push_back({std::string(kPatchArtifact), std::move(outcome.proof.patch.bytes)});
  return update;
}

StatusOr<TaskUpdate> TaskRunner::RunPublish(Forge& forge, const Task& task, RepairLog& log,
                                            std::stop_token stop) const {
  ASSIGN_OR_RETURN(const std::string json,
                   deps_.records->ReadArtifact(task.id, std::string(kProofArtifact)));
  ASSIGN_OR_RETURN(std::string bytes,
                   deps_.records->ReadArtifact(task.id, std::string(kPatchArtifact)));
  ASSIGN_OR_RETURN(const Proof proof, ProofFromJson(json, std::move(bytes)));
  // A guard that became stricter since the proof, while a person reviewed it perhaps, protects now.
  const Verdict verdict = Judge(proof.patch, task.plan, *deps_.policies->Current()->guard);
  if (!verdict.allowed) return RefusedNow(verdict);
  return Publish({deps_.mirror, deps_.publisher, deps_.author_name, deps_.author_email}, forge,
                 task, proof, log, stop);
}

TaskUpdate AfterError(const Task& task, const Status& error, double jitter) {
  TaskUpdate update;
  // A missing sandbox is the machine's trouble, not the task's: it may be back after a repair.
  const bool again = IsRetryable(error) || error.code() == StatusCode::kFailedPrecondition;
  // An open change is watched for as long as it takes, however long its forge is away.
  const bool spent = task.attempt >= kMaxAttempts && task.state != TaskState::kWatching;
  if (!again || spent) {
    update.to = TaskState::kFailed;
    update.reason =
        again ? Cat("gave up after ", task.attempt, " attempts: ", Message(error)) : Message(error);
    return update;
  }
  update.to = task.state;
  update.retry = true;
  update.reason = Cat("attempt ", task.attempt, " of ", kMaxAttempts,
                      " failed and is tried again: ", Message(error));
  update.delay = std::max(RetryBackoff(task.attempt + 1, jitter),
                          RetryAfter(error).value_or(absl::ZeroDuration()));
  return update;
}

}  // namespace regreen
