// A task whose change is open: looks at it, and further rounds for it.
#include <optional>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/pipeline/change_text.h"
#include "daemon/pipeline/evidence.h"
#include "daemon/pipeline/follow.h"
#include "daemon/pipeline/ladder.h"
#include "daemon/pipeline/moved_base.h"
#include "daemon/pipeline/own_checks.h"
#include "daemon/pipeline/runner.h"

namespace regreen {

StatusOr<Task> TaskRunner::OnItsBase(const Task& task) const {
  if (!task.change) return task;
  auto base = deps_.records->ReadArtifact(task.id, std::string(kBaseArtifact));
  if (base.status().code() == StatusCode::kNotFound) return task;
  RETURN_IF_ERROR(base.status());
  return OnBase(task, *std::move(base));
}

StatusOr<Task> TaskRunner::WithOwnChecks(Task task) const {
  if (!task.change) return task;
  const auto lines = deps_.records->ReadArtifact(task.id, std::string(kOwnChecks));
  if (lines.status().code() == StatusCode::kNotFound) return task;
  RETURN_IF_ERROR(lines.status());
  for (const std::string_view line : SplitLines(*lines)) {
    EvidenceLine shown;
    shown.text = line;
    task.incident.evidence.lines.push_back(std::move(shown));
  }
  return task;
}

StatusOr<TaskUpdate> TaskRunner::EndOfRound(Forge& forge, const Task& task, TaskUpdate update,
                                            RepairLog& log, std::stop_token stop) const {
  ASSIGN_OR_RETURN(const Proof proof, ReadProof(task));
  if (proof.patch.base_commit == task.incident.run.commit) {
    // What is in the change is as proven as it was.
    update.to = TaskState::kWatching;
    update.reason =
        Cat("open; its own checks are red, and a further round did not help: ", update.reason);
    return update;
  }
  if (update.to == TaskState::kUnreproducible) {
    update.to = TaskState::kSuperseded;
    update.reason = Cat("the branch ", EscapeControl(Truncate(TargetOf(task), 100)),
                        " is green without it: ", update.reason);
  } else {
    update.reason = Cat("its base moved, and it could not be brought there: ", update.reason);
  }
  RETURN_IF_ERROR(EndChange(forge, task, update.reason, log, std::move(stop)));
  return update;
}

StatusOr<TaskUpdate> TaskRunner::RunWatch(Forge& forge, const Task& task, RepairLog& log,
                                          std::stop_token stop) const {
  Followed followed;
  std::optional<Proof> proof;
  std::vector<TimelineEntry> timeline;
  // A forge that can do no more than git has nothing to be asked.
  if (forge.actions() != nullptr) {
    ASSIGN_OR_RETURN(proof, ReadProof(task));
    ASSIGN_OR_RETURN(timeline, deps_.records->ReadTimeline(task.id));
    // A draft is made ready, and merged, by a person where the guard asks for one.
    const Verdict verdict = JudgeNow(task, *proof);
    followed = {&*proof, !verdict.allowed || verdict.needs_person, timeline};
  }
  const auto lines = [&](const JobFacts& job, std::string_view text) {
    const Triage triage(deps_.policies->Current()->rules);
    std::vector<std::string> found;
    for (const EvidenceLine& line : ReadEvidence(triage, text, task.incident.run, job, "").lines)
      found.push_back(line.text);
    return found;
  };
  ASSIGN_OR_RETURN(TaskUpdate update,
                   Follow({deps_.mirror, deps_.rebaser, deps_.watch_every, lines}, forge, task,
                          followed, log, stop));
  if (update.to != TaskState::kRepairing) return update;
  // What was tried so far is told to those who try next.
  ASSIGN_OR_RETURN(EarlierRungs earlier, ReadEarlier(task));
  earlier.tried.push_back(
      {std::string(update.plan ? "base" : kOwnChecks), StepOutcome::kStillRed, update.reason});
  update.artifacts.push_back({std::string(kTriedArtifact), TriedToJson(earlier.tried)});
  return update;
}

}  // namespace regreen
