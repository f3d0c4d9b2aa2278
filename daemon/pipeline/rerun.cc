#include "daemon/pipeline/rerun.h"

#include <algorithm>

#include "daemon/base/crash_point.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/ladder.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24);

// Written when an attempt is asked for; found again to know since when it is waited for.
std::string AskedFor(const Task& task) {
  return Cat("asks for attempt ", task.ladder.run_attempt, " of run ",
             EscapeControl(task.incident.run.key.run_id));
}

bool WaitedTooLong(const Task& task, std::span<const TimelineEntry> timeline) {
  for (const TimelineEntry& entry : timeline) {
    // The task was claimed just now, which its store noted by the clock of the timeline.
    if (entry.kind == "rerun" && entry.message == AskedFor(task))
      return task.updated_at - entry.at > kLongest;
  }
  return false;
}

RerunLook Found(const RunFacts& run) {
  const std::string attempt = Cat("attempt ", run.key.attempt);
  if (!run.completed) return {RerunLook::Kind::kWaiting, Cat(attempt, " goes on")};
  if (run.passed) return {RerunLook::Kind::kGreen, Cat(attempt, " is green")};
  if (!run.failed) {
    return {RerunLook::Kind::kRefused,
            Cat(attempt, " ended as ", EscapeControl(Truncate(run.conclusion, 40))), true};
  }
  if (run.superseded)
    return {RerunLook::Kind::kSuperseded, Cat("superseded: ", run.superseded_why)};
  return {RerunLook::Kind::kRed, Cat(attempt, " failed again")};
}

bool WasAskedFor(const Task& task, std::span<const TimelineEntry> timeline) {
  return std::any_of(timeline.begin(), timeline.end(), [&](const TimelineEntry& entry) {
    return entry.kind == "rerun" && entry.message == AskedFor(task);
  });
}

// Asks for the attempt, which does nothing where it was asked for before.
StatusOr<RerunLook> Ask(ForgeActions& actions, const Task& task, std::stop_token stop) {
  RunKey key = task.incident.run.key;
  key.attempt = task.ladder.run_attempt - 1;
  const Status begun = actions.Rerun(key, stop);
  CrashPoint("rerun.asked");
  if (begun.ok() || begun.code() == StatusCode::kUnavailable)
    return RerunLook{RerunLook::Kind::kWaiting, "the failed jobs run again"};
  if (IsRetryable(begun) || begun.code() == StatusCode::kCancelled) return begun;
  return RerunLook{RerunLook::Kind::kRefused, Message(begun)};
}

// Why nobody is interested in the run any more, or "".
StatusOr<std::string> WhyNotAsked(Forge& forge, const Task& task, std::stop_token stop) {
  RunHint hint = HintOf(task);
  --hint.key.attempt;
  ASSIGN_OR_RETURN(const RunFacts now, forge.ReadRun(hint, stop));
  return now.superseded ? Cat("superseded: ", now.superseded_why) : std::string();
}

}  // namespace

RunHint HintOf(const Task& task) {
  const RunFacts& run = task.incident.run;
  RunHint hint;
  hint.key = run.key;
  hint.key.attempt = PresentAttempt(task);
  hint.ci = run.ci;
  hint.foreign = run.foreign;
  hint.workflow = run.workflow;
  hint.branch = run.branch;
  hint.commit = run.commit;
  hint.event = run.event;
  hint.link = run.link;
  hint.job = task.incident.job.name;
  hint.step = task.incident.job.failed_step;
  return hint;
}

StatusOr<RerunLook> LookAtRerun(Forge& forge, const Task& task,
                                std::span<const TimelineEntry> timeline, RepairLog& log,
                                std::stop_token stop) {
  const auto run = forge.ReadRun(HintOf(task), stop);
  // An attempt that has not begun is not known to the forge.
  if (!run.ok() && run.status().code() != StatusCode::kUnavailable) return run.status();
  RerunLook look;
  if (run.ok()) look = Found(*run);
  if (look.kind != RerunLook::Kind::kWaiting) return look;
  if (WaitedTooLong(task, timeline)) {
    return RerunLook{RerunLook::Kind::kRefused,
                     Cat("attempt ", task.ladder.run_attempt, " did not end in ",
                         absl::FormatDuration(kLongest)),
                     run.ok()};
  }
  if (run.ok()) return look;
  if (forge.actions() == nullptr)
    return RerunLook{RerunLook::Kind::kRefused, "the forge cannot run anything again"};
  if (!WasAskedFor(task, timeline)) {
    ASSIGN_OR_RETURN(const std::string why, WhyNotAsked(forge, task, stop));
    if (!why.empty()) return RerunLook{RerunLook::Kind::kSuperseded, why};
    RETURN_IF_ERROR(log.Note("rerun", AskedFor(task)));
  }
  return Ask(*forge.actions(), task, stop);
}

}  // namespace regreen
