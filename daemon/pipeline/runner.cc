#include "daemon/pipeline/runner.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/domain/transition.h"
#include "daemon/guard/guard.h"
#include "daemon/pipeline/fork.h"
#include "daemon/pipeline/ladder.h"
#include "daemon/pipeline/rerun.h"

namespace regreen {
namespace {

constexpr int kMostMerged = 2;

bool AsksAgents(const Plan& plan) {
  const auto asks = [](const Step& step) { return step.kind == StepKind::kAgent; };
  return std::ranges::any_of(plan.steps, asks) ||
         std::ranges::any_of(plan.then, [&](const ChainLink& link) {
           return std::ranges::any_of(link.steps, asks);
         });
}

TaskState StateAfter(RepairOutcome::Kind kind, const Plan& plan) {
  using Kind = RepairOutcome::Kind;
  switch (kind) {
    case Kind::kProven:
      if (plan.stage == Stage::kShadow) return TaskState::kShadowed;
      return plan.review ? TaskState::kReviewing : TaskState::kPublishing;
    case Kind::kUnreproducible:
      return TaskState::kUnreproducible;
    case Kind::kPaused:
      return TaskState::kRepairing;
    case Kind::kRerunning:
      return TaskState::kRerunning;
    case Kind::kReported:
      return TaskState::kReported;
    case Kind::kShadowed:
      return TaskState::kShadowed;
    case Kind::kRecovered:
      return TaskState::kRecovered;
    case Kind::kFailed:
      break;
  }
  return TaskState::kFailed;
}

std::string HistoryClause(const History& history) {
  if (history.seen == 0) return "; the failure was not seen before";
  return Cat("; the failure was seen in ", history.seen, history.seen == 1 ? " run" : " runs",
             " before, of which ", history.recovered, " recovered");
}

// Where the ladder stands after a re-run that is over.
LadderPosition AfterRerun(const LadderPosition& before, const RerunLook& look) {
  LadderPosition after{before.next + 1, StepOutcome::kFailed, 0, before.run_attempt};
  if (look.kind == RerunLook::Kind::kGreen) after.last = StepOutcome::kRecovered;
  if (look.kind == RerunLook::Kind::kRed) after.last = StepOutcome::kStillRed;
  // What the forge refused has not begun; what did not end has, and that counts for a newer one.
  if (look.kind == RerunLook::Kind::kRefused && !look.begun) --after.run_attempt;
  return after;
}

TaskUpdate RunOnceMore(const Task& task, const Step& step, const RerunLook& look) {
  TaskUpdate update =
      MoveTo(TaskState::kRerunning, Cat(look.sentence, "; the failed jobs run again (",
                                        task.ladder.reruns + 1, " of ", step.times, ")"));
  update.ladder = task.ladder;
  ++update.ladder->reruns;
  ++update.ladder->run_attempt;
  update.delay = RerunDelay(step, update.ladder->reruns);
  update.timeline.push_back({{}, "rerun", Cat("step ", step.name, ": ", update.reason)});
  return update;
}

TaskUpdate RefusedNow(std::string_view what, const Verdict& verdict) {
  TaskUpdate update;
  update.to = TaskState::kFailed;
  update.reason = Cat("the guard in force now refuses ", what);
  for (const Finding& finding : verdict.findings) {
    if (finding.severity == Severity::kRefuse) Append(update.reason, "; ", ToString(finding));
  }
  return update;
}

}  // namespace

StatusOr<TaskUpdate> TaskRunner::Run(const Task& task, RepairLog& log, std::stop_token stop) const {
  const auto forge = deps_.adapters->forges.find(task.incident.run.key.forge);
  if (forge == deps_.adapters->forges.end()) {
    return NotFound(Cat("no forge named ", task.incident.run.key.forge, " is configured any more"));
  }
  const std::string stops = WhyForkStops(task, ForksAt(deps_.forks, task.incident.run.key.forge));
  if (!stops.empty() && task.state != TaskState::kWatching)
    return MoveTo(TaskState::kSuperseded, stops);
  switch (task.state) {
    case TaskState::kQueued: {
      // A person may have approved it days after its pull request went on.
      if (task.incident.run.from_fork) {
        ASSIGN_OR_RETURN(const std::string why, WhyForkDropped(*forge->second, task, stop));
        if (!why.empty()) return MoveTo(TaskState::kSuperseded, why);
      }
      TaskUpdate update;
      update.to = TaskState::kRepairing;
      update.reason = "a worker took it";
      return update;
    }
    case TaskState::kRepairing:
      return RunRepair(*forge->second, task, log, stop);
    case TaskState::kRerunning:
      return RunRerun(*forge->second, task, log, stop);
    case TaskState::kPublishing:
      return RunPublish(*forge->second, task, log, stop);
    case TaskState::kWatching:
      return RunWatch(*forge->second, task, stop);
    default:
      return Internal(Cat("a worker has nothing to do for a task that is ", ToString(task.state)));
  }
}

StatusOr<TaskUpdate> TaskRunner::RunRepair(Forge& forge, const Task& task, RepairLog& log,
                                           std::stop_token stop) const {
  ASSIGN_OR_RETURN(EarlierRungs earlier, ReadEarlier(task));
  return Climb(forge, task, std::move(earlier), log, std::move(stop));
}

StatusOr<TaskUpdate> TaskRunner::RunRerun(Forge& forge, const Task& task, RepairLog& log,
                                          std::stop_token stop) const {
  if (task.ladder.next < 0 || task.ladder.next >= static_cast<int>(task.plan.steps.size()))
    return Internal("the task runs again by a step that its plan does not have");
  const Step& step = task.plan.steps[static_cast<std::size_t>(task.ladder.next)];
  ASSIGN_OR_RETURN(EarlierRungs earlier, ReadEarlier(task));
  ASSIGN_OR_RETURN(const auto timeline, deps_.records->ReadTimeline(task.id));
  ASSIGN_OR_RETURN(const RerunLook look, LookAtRerun(forge, task, timeline, log, stop));
  if (look.kind == RerunLook::Kind::kSuperseded)
    return MoveTo(TaskState::kSuperseded, look.sentence);
  if (look.kind == RerunLook::Kind::kWaiting) {
    TaskUpdate update = MoveTo(TaskState::kRerunning, look.sentence);
    update.delay = deps_.watch_every;
    return update;
  }
  if (look.kind == RerunLook::Kind::kRed && task.ladder.reruns < step.times)
    return RunOnceMore(task, step, look);

  Task next = task;
  next.ladder = AfterRerun(task.ladder, look);
  const StepOutcome outcome = next.ladder.last;
  earlier.tried.push_back({step.name, outcome, look.sentence});
  const TimelineEntry entry{
      {}, "rerun", Cat("step ", step.name, ": ", ToString(outcome), ": ", look.sentence)};
  if (look.kind == RerunLook::Kind::kGreen) {
    RETURN_IF_ERROR(log.Note(entry.kind, entry.message));
    return Climb(forge, next, std::move(earlier), log, std::move(stop));
  }
  TaskUpdate update = MoveTo(TaskState::kRepairing, look.sentence);
  update.timeline.push_back(entry);
  update.ladder = next.ladder;
  update.artifacts.push_back({std::string(kTriedArtifact), TriedToJson(earlier.tried)});
  return update;
}

StatusOr<Patch> TaskRunner::ReadGiven(const Task& task) const {
  Patch patch;
  if (std::ranges::none_of(task.plan.steps,
                           [](const Step& step) { return step.kind == StepKind::kGiven; }))
    return patch;
  patch.base_commit = task.incident.run.commit;
  ASSIGN_OR_RETURN(patch.bytes, deps_.records->ReadArtifact(task.id, std::string(kGivenArtifact)));
  patch.digest = PatchDigest(patch.base_commit, patch.bytes);
  return patch;
}

StatusOr<EarlierRungs> TaskRunner::ReadEarlier(const Task& task) const {
  EarlierRungs earlier;
  ASSIGN_OR_RETURN(earlier.given, ReadGiven(task));
  // A climb that begins anew has nothing behind it, whatever an earlier try of it left.
  if (task.ladder == LadderPosition()) return earlier;
  const auto read = [&](std::string_view name) {
    auto bytes = deps_.records->ReadArtifact(task.id, std::string(name));
    return bytes.status().code() == StatusCode::kNotFound ? StatusOr<std::string>("") : bytes;
  };
  ASSIGN_OR_RETURN(const std::string tried, read(kTriedArtifact));
  if (!tried.empty()) {
    ASSIGN_OR_RETURN(earlier.tried, TriedFromJson(tried));
  }
  ASSIGN_OR_RETURN(const std::string outputs, read(kOutputsArtifact));
  if (!outputs.empty()) {
    ASSIGN_OR_RETURN(earlier.outputs, OutputsFromJson(outputs));
  }
  return earlier;
}

StatusOr<TaskUpdate> TaskRunner::Climb(Forge& forge, const Task& task, EarlierRungs earlier,
                                       RepairLog& log, std::stop_token stop) const {
  const MirrorFolder folder = [&]() -> StatusOr<std::string> {
    ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(task.incident.run.key.repo));
    return deps_.mirror->Ensure(remote, task.incident.run.commit, stop);
  };
  const Repairer repairer(
      {deps_.workspaces, deps_.policies->Current()->guard, deps_.agents, forge.actions(),
       deps_.secrets,
       IsOfBaseBranch(task.incident.run) ? BaseFile() : FileOfBase(forge, task, stop), deps_.keep});
  if (AsksAgents(task.plan)) {
    ASSIGN_OR_RETURN(earlier.merged, ReadMerged(task));
  }
  ASSIGN_OR_RETURN(RepairOutcome outcome,
                   repairer.Repair(task, folder, std::move(earlier), log, stop));
  TaskUpdate update = MoveTo(StateAfter(outcome.kind, task.plan), std::move(outcome.reason));
  if (update.to == TaskState::kRecovered)
    update.reason = Cat(update.reason, HistoryClause(task.incident.history));
  update.ladder = outcome.ladder;
  update.delay = outcome.delay;
  update.reproduced = outcome.reproduced;
  update.artifacts.push_back({std::string(kTriedArtifact), TriedToJson(outcome.tried)});
  if (outcome.kind != RepairOutcome::Kind::kProven) return update;
  update.patch_digest = outcome.proof.patch.digest;
  update.artifacts.push_back({std::string(kProofArtifact), ProofToJson(outcome.proof)});
  if (update.to != TaskState::kPublishing)
    update.artifacts.push_back({std::string(kRequestArtifact),
                                task.incident.run.from_fork ? RepairReport(task, outcome.proof).body
                                                            : RequestText(task, outcome.proof)});
  update.artifacts.push_back({std::string(kPatchArtifact), std::move(outcome.proof.patch.bytes)});
  return update;
}

// Of the tip of the base branch, as it is when it is asked for first.
BaseFile TaskRunner::FileOfBase(Forge& forge, const Task& task, std::stop_token stop) const {
  struct Base {
    std::string folder, commit;
  };
  auto found = std::make_shared<std::optional<Base>>();
  return
      [this, &forge, &task, stop, found](
          const std::string& path, std::size_t max_bytes) -> StatusOr<std::optional<std::string>> {
        if (!*found) {
          const RunFacts& run = task.incident.run;
          ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(run.key.repo));
          ASSIGN_OR_RETURN(const auto tip, deps_.mirror->RemoteTip(remote, run.base_branch, stop));
          Base base;
          base.commit = tip.value_or("");
          if (tip) {
            ASSIGN_OR_RETURN(base.folder, deps_.mirror->Ensure(remote, *tip, stop));
          }
          *found = std::move(base);
        }
        if ((*found)->commit.empty()) return std::optional<std::string>();
        auto bytes = deps_.mirror->ReadFileAt((*found)->folder, (*found)->commit, path, max_bytes);
        if (bytes.ok()) return std::optional(*std::move(bytes));
        if (bytes.status().code() == StatusCode::kUnavailable) return bytes.status();
        return std::optional<std::string>();
      };
}

StatusOr<std::vector<std::string>> TaskRunner::ReadMerged(const Task& task) const {
  ASSIGN_OR_RETURN(const auto ids,
                   deps_.records->MergedTasks(task.incident.run.key,
                                              task.incident.evidence.fingerprint, kMostMerged));
  std::vector<std::string> patches;
  for (const std::string& id : ids) {
    auto patch = deps_.records->ReadArtifact(id, std::string(kPatchArtifact));
    if (patch.ok()) patches.push_back(*std::move(patch));
  }
  return patches;
}

StatusOr<Proof> TaskRunner::ReadProof(const Task& task) const {
  ASSIGN_OR_RETURN(const std::string json,
                   deps_.records->ReadArtifact(task.id, std::string(kProofArtifact)));
  ASSIGN_OR_RETURN(std::string bytes,
                   deps_.records->ReadArtifact(task.id, std::string(kPatchArtifact)));
  return ProofFromJson(json, std::move(bytes));
}

Verdict TaskRunner::JudgeNow(const Task& task, const Proof& proof) const {
  return Judge(proof.patch, task.plan, *deps_.policies->Current()->guard, deps_.secrets);
}

StatusOr<TaskUpdate> TaskRunner::RunPublish(Forge& forge, const Task& task, RepairLog& log,
                                            std::stop_token stop) const {
  ASSIGN_OR_RETURN(const Proof proof, ReadProof(task));
  // A guard that became stricter since the proof, while a person reviewed it perhaps, protects now.
  const Verdict verdict = JudgeNow(task, proof);
  if (!verdict.allowed) return RefusedNow("the proven patch", verdict);
  if (task.incident.run.from_fork) return RunTellRepair(forge, task, proof, log, stop);
  const Verdict said =
      JudgeRequest(task, proof, verdict, *deps_.policies->Current()->guard, deps_.secrets);
  if (!said.allowed) return RefusedNow("what the change would say", said);
  return Publish({deps_.mirror, deps_.publisher, deps_.author_name, deps_.author_email}, forge,
                 task, proof, verdict, log, stop);
}

StatusOr<std::string> TaskRunner::WhyForkDropped(Forge& forge, const Task& task,
                                                 std::stop_token stop) const {
  ASSIGN_OR_RETURN(const RunFacts now, forge.ReadRun(HintOf(task), stop));
  return WhyDropped(now, ForksAt(deps_.forks, now.key.forge));
}

StatusOr<TaskUpdate> TaskRunner::RunTellRepair(Forge& forge, const Task& task, const Proof& proof,
                                               RepairLog& log, std::stop_token stop) const {
  ASSIGN_OR_RETURN(const std::string why, WhyForkDropped(forge, task, stop));
  if (!why.empty()) return MoveTo(TaskState::kSuperseded, why);
  const Verdict said =
      JudgeRepairReport(task, proof, *deps_.policies->Current()->guard, deps_.secrets);
  if (!said.allowed) return RefusedNow("what the report would say", said);
  return TellRepair(forge.actions(), task, proof, log, stop);
}

StatusOr<TaskUpdate> TaskRunner::RunWatch(Forge& forge, const Task& task,
                                          std::stop_token stop) const {
  Task watched = task;
  if (task.plan.auto_merge && task.plan.stage == Stage::kAuto) {
    // To merge by itself a draft is made ready first, and that is for a person to do.
    ASSIGN_OR_RETURN(const Proof proof, ReadProof(task));
    const Verdict verdict = JudgeNow(task, proof);
    watched.plan.auto_merge = verdict.allowed && !verdict.needs_person;
  }
  return Follow(forge, watched, deps_.watch_every, std::move(stop));
}

TaskUpdate AfterError(const Task& task, const Status& error, double jitter) {
  TaskUpdate update;
  // A forge's limits put a task off; however long they do, nothing of it has failed.
  if (const auto wait = RetryAfter(error)) {
    update.to = task.state;
    update.put_off = true;
    update.delay = *wait;
    update.reason = Cat("put off: ", Message(error));
    return update;
  }
  // A missing sandbox is the machine's trouble, not the task's: it may be back after a repair.
  const bool again = IsRetryable(error) || error.code() == StatusCode::kFailedPrecondition;
  // An open change is watched for as long as it takes, however long its forge is away; a re-run is
  // waited for as long as its step says.
  const bool waits = task.state == TaskState::kWatching || task.state == TaskState::kRerunning;
  const bool spent = task.attempt >= kMaxAttempts && !waits;
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
  update.delay = RetryBackoff(task.attempt + 1, jitter);
  return update;
}

}  // namespace regreen
