// A task is one template applied to one incident. Its states and the moves between them are one
// table in daemon/domain/transition.h; running is not a state: holding a lease is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/domain/change.h"
#include "daemon/domain/incident.h"
#include "daemon/domain/patch.h"
#include "daemon/domain/plan.h"

namespace regreen {

enum class TaskState {
  kHeld,        // waits for a person's approval
  kQueued,      // waits for a worker
  kRepairing,   // a worker reproduces, repairs, verifies
  kRerunning,   // the CI runs again; its answer decides
  kReviewing,   // a proven patch waits for a person
  kPublishing,  // a proven patch is to be pushed and its change opened
  kWatching,    // the change is open
  // Terminal.
  kMerged,
  kRecovered,
  kSuperseded,
  kDeclined,
  kYielded,
  kShadowed,
  kUnreproducible,
  kFailed,
  kCancelled,
  kReported,  // a person was told; nothing else is to be done
};
std::string_view ToString(TaskState state);
std::optional<TaskState> ParseTaskState(std::string_view name);
const std::vector<TaskState>& AllTaskStates();
bool IsTerminal(TaskState state);
// From repairing to watching. A queued task that a worker holds is at work as well.
bool IsAtWork(TaskState state);

struct TimelineEntry {
  absl::Time at;
  std::string kind;  // "state", "reproduced", "step", "captured", "verdict", "verified", "pushed",
                     // "change", "rerun", "report", "note"
  std::string message;   // a sentence for a person; escaped where it is shown
  std::int64_t seq = 0;  // set by the store, ascending
};

// Durable bytes that a task made: "patch", "reproduce.log", "step-<n>.log", "verify.log",
// "request".
struct Artifact {
  std::string name;
  std::string bytes;
};

// Where a task stands on its ladder, between the moves that put it aside.
struct LadderPosition {
  int next = 0;                           // index of the rung to climb next
  StepOutcome last = StepOutcome::kNone;  // of the last rung that was tried
  int reruns = 0;                         // of the rung at `next`
  int run_attempt = 0;  // of the CI run, as it stands after re-runs; 0: the incident's own
  bool operator==(const LadderPosition&) const = default;
};

// What a task cost so far.
struct Spend {
  double usd = 0;
  absl::Duration time;  // in workspaces
};

struct Task {
  std::string id;           // 12 characters, lower-case hex
  std::string incident_id;  // "" for a task by hand
  TaskState state = TaskState::kQueued;
  int attempt = 1;  // of the present state, from 1
  std::int64_t lease_epoch = 0;
  absl::Time created_at, updated_at, not_before;
  std::string reason;  // why it is in this state, a sentence
  Incident incident;
  Plan plan;
  std::string patch_digest;   // set when a patch was proven
  std::string branch;         // set when publishing
  std::string pushed_commit;  // set when pushed
  std::optional<Change> change;
  LadderPosition ladder;
  Spend spent;
  bool reproduced = false;  // the failing command failed in a workspace
  std::string held_back;    // what limit holds it back, a sentence; "" for none
};

struct Decision {
  absl::Time at;
  std::string delivery_key, run, incident_id, task_id;  // what it is about; may be empty
  std::string kind;    // "dropped", "ignored", "occurrence", "inherited", "selected", "demoted",
                       // "unmatched", "recovered", "green", "rerun", "failed", "by-hand"
  std::string reason;  // a sentence
};

}  // namespace regreen
