// Rows of tasks, with their timeline and artifacts. Functions run inside the caller's transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/store/connection.h"
#include "daemon/base/status.h"
#include "daemon/domain/task.h"

namespace regreen {

struct NewTask {
  std::int64_t incident = 0;  // seq
  std::string_view repo, fingerprint;
  const Plan* plan = nullptr;
  std::string_view plan_json;
  bool hold = false;
  std::string_view reason;
};
// Queued or held, with the first entry of its timeline. Answers its id.
StatusOr<std::string> InsertTask(Connection& db, absl::Time now, const NewTask& task);

Status AppendTimeline(Connection& db, std::int64_t task, absl::Time now,
                      std::span<const TimelineEntry> entries);

// Packed before the lock is taken.
struct PackedArtifact {
  std::string name, bytes;
  std::int64_t size = 0;  // unpacked
};
std::vector<PackedArtifact> PackArtifacts(std::span<const Artifact> artifacts);
// Writes them anew.
Status PutArtifacts(Connection& db, std::int64_t task, std::span<const PackedArtifact> artifacts);

// Where a task stands.
struct TaskPlace {
  std::int64_t seq = 0, incident = 0, lease_epoch = 0;
  TaskState state = TaskState::kQueued;
  int attempt = 1;
  std::string repo, template_name;
  bool leased = false;
  bool begun = false;
  std::int64_t lane = 0;  // where it waits, or waited
};
Status NoTask(const std::string& id);  // NotFound
StatusOr<std::int64_t> FindTaskSeq(Connection& db, const std::string& id);
// nullopt when there is no such task. The id in full.
StatusOr<std::optional<TaskPlace>> FindTask(Connection& db, const std::string& id);

Status Fenced(const std::string& task_id);  // what a worker is told whose lease is over
// The task as it stands, when the lease still holds.
StatusOr<TaskPlace> FindLeased(Connection& db, const std::string& id, std::int64_t lease_epoch);

// Writes the state that the transition table allowed: gives the lease back (whoever held it is
// fenced from here on), makes the task due after `delay` where a worker may claim it, closes the
// incident of a task that ends, and appends `entry` to the timeline unless it is empty. Wakes what
// waits for the task's place.
struct TaskMove {
  TaskState to = TaskState::kQueued;
  int attempt = 1;
  absl::Duration delay;
  std::string reason;
  std::string entry;
};
Status MoveTask(Connection& db, absl::Time now, const TaskPlace& place, const TaskMove& move);

// A row as it lies: parsed by ParseTask, outside the transaction.
struct TaskRow {
  Task task;  // without incident and plan
  std::string incident_json, plan_json, incident_row_id;
};
// The list for a SELECT that ends in kTaskTables.
inline constexpr std::string_view kTaskColumns =
    "t.id, t.state, t.attempt, t.lease_epoch, t.created_at, t.updated_at, t.not_before, t.reason, "
    "t.patch_digest, t.branch, t.pushed_commit, t.change_number, t.change_link, t.change_created, "
    "t.plan, i.incident, i.id, i.key, t.reproduced, t.ladder_next, t.ladder_last, "
    "t.ladder_reruns, t.run_attempt, t.spent_usd, t.spent_us, "
    "t.state = 'queued' AND t.at_work = 0, t.held_back, t.due_at, "
    "ifnull(l.held_back, ''), ifnull(l.blocked_until, 0)";
inline constexpr std::string_view kTaskTables =
    " FROM tasks t JOIN incidents i ON i.seq = t.incident LEFT JOIN lanes l ON l.seq = t.lane ";
StatusOr<TaskRow> ReadTaskRow(const Query& query);
// Internal when this version cannot read it.
StatusOr<Task> ParseTask(TaskRow row);

}  // namespace regreen
