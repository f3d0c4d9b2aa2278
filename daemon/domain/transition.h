// The one table of task states. Nothing else assigns a state: stores refuse a move that is not in
// it.
#pragma once

#include <span>
#include <string_view>

#include "daemon/domain/task.h"

namespace regreen {

enum class Mover { kPerson, kWorker, kRunEvent, kForgeEvent };

struct Transition {
  TaskState from;
  Mover by;
  TaskState to;
};

inline constexpr Transition kTransitions[] = {
    {TaskState::kHeld, Mover::kPerson, TaskState::kQueued},
    {TaskState::kHeld, Mover::kPerson, TaskState::kCancelled},
    {TaskState::kHeld, Mover::kRunEvent, TaskState::kSuperseded},

    {TaskState::kQueued, Mover::kWorker, TaskState::kRepairing},
    {TaskState::kQueued, Mover::kWorker, TaskState::kSuperseded},
    {TaskState::kQueued, Mover::kWorker, TaskState::kFailed},
    {TaskState::kQueued, Mover::kRunEvent, TaskState::kSuperseded},
    {TaskState::kQueued, Mover::kPerson, TaskState::kCancelled},

    {TaskState::kRepairing, Mover::kWorker, TaskState::kReviewing},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kPublishing},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kRerunning},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kWatching},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kShadowed},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kUnreproducible},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kReported},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kSuperseded},
    {TaskState::kRepairing, Mover::kWorker, TaskState::kFailed},
    {TaskState::kRepairing, Mover::kRunEvent, TaskState::kSuperseded},
    {TaskState::kRepairing, Mover::kPerson, TaskState::kCancelled},

    {TaskState::kRerunning, Mover::kRunEvent, TaskState::kRecovered},
    {TaskState::kRerunning, Mover::kRunEvent, TaskState::kRepairing},
    {TaskState::kRerunning, Mover::kWorker, TaskState::kRecovered},
    {TaskState::kRerunning, Mover::kWorker, TaskState::kRepairing},
    {TaskState::kRerunning, Mover::kWorker, TaskState::kReported},
    {TaskState::kRerunning, Mover::kWorker, TaskState::kSuperseded},
    {TaskState::kRerunning, Mover::kWorker, TaskState::kFailed},
    {TaskState::kRerunning, Mover::kRunEvent, TaskState::kSuperseded},
    {TaskState::kRerunning, Mover::kPerson, TaskState::kCancelled},

    {TaskState::kReviewing, Mover::kPerson, TaskState::kPublishing},
    {TaskState::kReviewing, Mover::kPerson, TaskState::kCancelled},
    {TaskState::kReviewing, Mover::kRunEvent, TaskState::kSuperseded},

    {TaskState::kPublishing, Mover::kWorker, TaskState::kWatching},
    {TaskState::kPublishing, Mover::kWorker, TaskState::kRepairing},
    {TaskState::kPublishing, Mover::kWorker, TaskState::kReported},
    {TaskState::kPublishing, Mover::kWorker, TaskState::kSuperseded},
    {TaskState::kPublishing, Mover::kWorker, TaskState::kYielded},
    {TaskState::kPublishing, Mover::kWorker, TaskState::kFailed},
    {TaskState::kPublishing, Mover::kRunEvent, TaskState::kSuperseded},
    {TaskState::kPublishing, Mover::kPerson, TaskState::kCancelled},

    {TaskState::kWatching, Mover::kForgeEvent, TaskState::kMerged},
    {TaskState::kWatching, Mover::kForgeEvent, TaskState::kRepairing},
    {TaskState::kWatching, Mover::kForgeEvent, TaskState::kSuperseded},
    {TaskState::kWatching, Mover::kForgeEvent, TaskState::kDeclined},
    {TaskState::kWatching, Mover::kForgeEvent, TaskState::kYielded},
    {TaskState::kWatching, Mover::kWorker, TaskState::kMerged},
    {TaskState::kWatching, Mover::kWorker, TaskState::kRepairing},
    {TaskState::kWatching, Mover::kWorker, TaskState::kSuperseded},
    {TaskState::kWatching, Mover::kWorker, TaskState::kDeclined},
    {TaskState::kWatching, Mover::kWorker, TaskState::kYielded},
    {TaskState::kWatching, Mover::kWorker, TaskState::kFailed},
    {TaskState::kWatching, Mover::kPerson, TaskState::kCancelled},
};

// Staying in a state is a retry or a later look, and always allowed in a state that is not
// terminal.
constexpr bool IsAllowed(TaskState from, Mover by, TaskState to) {
  for (const Transition& t : kTransitions) {
    if (t.from == from && t.by == by && t.to == to) return true;
  }
  return false;
}

// The states in which a worker may claim a task.
std::span<const TaskState> ClaimableStates();

// Backoff before attempt n (from 2) of one state: 5 s doubled each time, at most 30 min, plus up to
// a fifth by `jitter` in [0, 1) so that many tasks that failed together do not come back together.
absl::Duration RetryBackoff(int attempt, double jitter);
inline constexpr int kMaxAttempts = 8;

}  // namespace regreen
