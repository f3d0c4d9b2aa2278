#include "daemon/pipeline/follow.h"

#include <algorithm>

#include "daemon/base/crash_point.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/change_text.h"
#include "daemon/pipeline/moved_base.h"
#include "daemon/pipeline/own_checks.h"
#include "daemon/pipeline/publish.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestWords = 2000;
constexpr std::string_view kClosing = "closing";  // of an entry: we are about to close the change

constexpr std::string_view kYieldWords =
    "Someone pushed to this branch, so it is yours now: regreen changes nothing here any more, and "
    "does not close it. To have regreen begin anew, close this and run the failed job again.";

// What a forge will not do is noted where people look; what it cannot do now is tried again.
Status OnlyRetryable(const Status& status, const Task& task, std::string_view what) {
  if (status.ok()) return status;
  if (IsRetryable(status) || status.code() == StatusCode::kCancelled) return status;
  LogWarning("The forge refused something about a change.",
             {{"task", task.id}, {"what", std::string(what)}, {"why", Message(status)}});
  return OkStatus();
}

Status TidyBranch(Forge& forge, const Task& task, std::stop_token stop) {
  if (forge.care() == nullptr || task.branch.empty()) return OkStatus();
  const Status deleted = forge.care()->DeleteBranch(task.incident.run.key.repo, task.branch,
                                                    task.pushed_commit, std::move(stop));
  return OnlyRetryable(deleted, task, "deleting its branch");
}

// Asked for at each look: a forge that merges by itself when checks are green is asked once, and
// one that does not is asked until they are. The reason of the task says how it stands; only a
// change of it is worth an entry.
Status LetMerge(ForgeActions& actions, const Task& task, TaskUpdate& update, std::stop_token stop) {
  const RunKey& run = task.incident.run.key;
  const Status merges =
      actions.MergeWhenGreen({run.forge, run.repo, task.change->number}, task.pushed_commit, stop);
  if (merges.ok()) {
    update.reason = "open; it merges when its checks are green";
  } else if (merges.code() == StatusCode::kFailedPrecondition) {
    update.reason = Cat("open; it does not merge by itself: ", Message(merges));
  } else if (merges.code() == StatusCode::kUnavailable) {
    update.reason = Cat("open; it cannot merge yet: ", Message(merges));
  } else {
    return merges;
  }
  if (update.reason != task.reason) update.timeline.push_back({{}, "change", update.reason});
  return OkStatus();
}

StatusOr<TaskUpdate> EndOfClosed(Forge& forge, const Task& task, const Followed& followed,
                                 std::stop_token stop) {
  RETURN_IF_ERROR(TidyBranch(forge, task, std::move(stop)));
  for (const TimelineEntry& entry : followed.timeline) {
    if (entry.kind == kClosing) return MoveTo(TaskState::kSuperseded, entry.message);
  }
  return MoveTo(TaskState::kDeclined, "the change was closed without a merge");
}

StatusOr<TaskUpdate> FollowOpen(const FollowDependencies& deps, Forge& forge, const Task& task,
                                const Followed& followed, RepairLog& log, std::stop_token stop) {
  ASSIGN_OR_RETURN(const MovedBase moved, LookAtBase(deps, forge, task, followed, stop));
  if (moved.contained) {
    RETURN_IF_ERROR(EndChange(forge, task, moved.sentence, log, stop));
    return MoveTo(TaskState::kSuperseded, moved.sentence);
  }
  if (moved.update) return *moved.update;

  TaskUpdate update = MoveTo(TaskState::kWatching, task.reason);
  update.delay = deps.watch_every;
  if (forge.care() != nullptr && followed.proof != nullptr) {
    RETURN_IF_ERROR(LookAtChecks(deps, forge, task, followed, update, stop));
    if (update.to != TaskState::kWatching) return update;
  }
  const bool merges =
      task.plan.auto_merge && task.plan.stage == Stage::kAuto && !followed.needs_person;
  if (merges && forge.actions() != nullptr)
    RETURN_IF_ERROR(LetMerge(*forge.actions(), task, update, stop));
  return update;
}

}  // namespace

Status TellOnChange(Forge& forge, const Task& task, std::string_view about, std::string_view words,
                    std::stop_token stop) {
  if (forge.actions() == nullptr || !task.change) return OkStatus();
  Report report;
  report.repo = task.incident.run.key.repo;
  report.pull_request = static_cast<int>(task.change->number);
  report.commit = task.pushed_commit;
  report.body = PlainWords(words, kLongestWords);
  report.marker = Cat(task.id, "-", about);
  const Status told = forge.actions()->Tell(report, std::move(stop)).status();
  return OnlyRetryable(told, task, "a comment on it");
}

Status EndChange(Forge& forge, const Task& task, std::string_view why, RepairLog& log,
                 std::stop_token stop) {
  if (forge.care() == nullptr || !task.change) return OkStatus();
  const RunKey& run = task.incident.run.key;
  RETURN_IF_ERROR(log.Note(std::string(kClosing), std::string(why)));
  RETURN_IF_ERROR(
      TellOnChange(forge, task, "closed", Cat("regreen closes this: ", why, "."), stop));
  CrashPoint("follow.told");
  const Status closed =
      forge.care()->Close({run.forge, run.repo, task.change->number}, task.pushed_commit, stop);
  RETURN_IF_ERROR(OnlyRetryable(closed, task, "closing it"));
  CrashPoint("follow.closed");
  return closed.ok() ? TidyBranch(forge, task, std::move(stop)) : OkStatus();
}

StatusOr<TaskUpdate> Follow(const FollowDependencies& deps, Forge& forge, const Task& task,
                            const Followed& followed, RepairLog& log, std::stop_token stop) {
  if (!task.change) return Internal("a watched task has no change");
  const RunFacts& run = task.incident.run;
  ASSIGN_OR_RETURN(const ChangeState state,
                   forge.ReadChange({run.key.forge, run.key.repo, task.change->number},
                                    {task.branch, TargetOf(task), task.pushed_commit}, stop));
  switch (state.kind) {
    case ChangeState::Kind::kMerged:
      RETURN_IF_ERROR(TidyBranch(forge, task, stop));
      return MoveTo(TaskState::kMerged, "the change was merged");
    case ChangeState::Kind::kClosed:
      return EndOfClosed(forge, task, followed, stop);
    case ChangeState::Kind::kGone:
      return MoveTo(TaskState::kDeclined, "the change is gone");
    case ChangeState::Kind::kOpen:
      break;
  }
  if (!state.head.empty() && state.head != task.pushed_commit) {
    RETURN_IF_ERROR(TellOnChange(forge, task, "yields", kYieldWords, stop));
    return MoveTo(TaskState::kYielded, "someone pushed to the branch: it is theirs now");
  }
  return FollowOpen(deps, forge, task, followed, log, stop);
}

}  // namespace regreen
