#include "adapters/store/task_rows.h"

#include <algorithm>
#include <utility>

#include "adapters/store/incidents.h"
#include "adapters/store/lanes.h"
#include "adapters/store/rows.h"
#include "adapters/store/usage.h"
#include "daemon/base/compress.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/domain/transition.h"

namespace regreen {
namespace {

// NULL where no worker may claim the task.
std::optional<std::int64_t> DueAt(TaskState state, absl::Time at) {
  const auto claimable = ClaimableStates();
  if (std::find(claimable.begin(), claimable.end(), state) == claimable.end()) return std::nullopt;
  return ToMicros(at);
}

StatusOr<TaskState> StateOf(std::string_view name, std::string_view id) {
  if (const auto state = ParseTaskState(name)) return *state;
  return Internal(Cat("Task ", id, " is in the state \"", name,
                      "\", which this version of regreen does not know."));
}

void ReadProgress(const Query& query, Task& task) {
  task.reproduced = query.Int(18) != 0;
  task.ladder.next = static_cast<int>(query.Int(19));
  task.ladder.last = ParseStepOutcome(query.View(20)).value_or(StepOutcome::kNone);
  task.ladder.reruns = static_cast<int>(query.Int(21));
  task.ladder.run_attempt = static_cast<int>(query.Int(22));
  task.spent.usd = static_cast<double>(query.Int(23)) / 1e6;
  task.spent.time = absl::Microseconds(query.Int(24));
}

// Of one that waits: what holds it back alone, or its lane, whichever is longer.
void ReadHeldBack(const Query& query, Task& task) {
  const std::int64_t blocked_until = query.Int(29);
  const bool alone = !query.View(26).empty() && query.Int(27) > blocked_until;
  task.held_back = query.String(alone ? 26 : 28);
  if (task.held_back.empty()) return;
  task.not_before = std::max(task.not_before, FromMicros(blocked_until));
  task.reason = task.held_back;
}

}  // namespace

StatusOr<std::string> InsertTask(Connection& db, absl::Time now, const NewTask& task) {
  const std::string id = RandomHex(6);
  const TaskState state = task.hold ? TaskState::kHeld : TaskState::kQueued;
  const std::int64_t at = ToMicros(now);
  ASSIGN_OR_RETURN(const std::int64_t lane, LaneOf(db, task.repo, *task.plan));
  RETURN_IF_ERROR(
      db.Execute("INSERT INTO tasks (id, incident, repo, template, state, due_at, not_before, "
                 "created_at, updated_at, reason, plan, fingerprint, opens, lane) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7, ?8, ?9, ?10, ?11, ?12)",
                 Text{id}, task.incident, Text{task.repo}, Text{task.plan->template_name},
                 Text{ToString(state)}, DueAt(state, now), at, Text{task.reason},
                 Text{task.plan_json}, Text{task.fingerprint}, MayOpenChange(*task.plan) ? 1 : 0,
                 lane)
          .status());
  const TimelineEntry first{now, "state", Cat(ToString(state), ": ", task.reason)};
  RETURN_IF_ERROR(AppendTimeline(db, db.LastInsertedRow(), now, {&first, 1}));
  if (!task.hold) RETURN_IF_ERROR(EnterLane(db, lane, now));
  return id;
}

Status AppendTimeline(Connection& db, std::int64_t task, absl::Time now,
                      std::span<const TimelineEntry> entries) {
  for (const TimelineEntry& entry : entries) {
    RETURN_IF_ERROR(
        db.Execute("INSERT INTO timeline (task, at, kind, message) VALUES (?1, ?2, ?3, ?4)", task,
                   ToMicros(TimeOr(entry.at, now)), Text{entry.kind}, Text{entry.message})
            .status());
  }
  return OkStatus();
}

Status NoTask(const std::string& id) {
  return NotFound(Cat("There is no task ", id, "."));
}

StatusOr<std::int64_t> FindTaskSeq(Connection& db, const std::string& id) {
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT seq FROM tasks WHERE id = ?1", Text{id}));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return NoTask(id);
  return query.Int(0);
}

StatusOr<std::optional<TaskPlace>> FindTask(Connection& db, const std::string& id) {
  ASSIGN_OR_RETURN(
      Query query,
      db.Prepare("SELECT seq, incident, lease_epoch, state, attempt, repo, template, "
                 "worker IS NOT NULL, begun_at IS NOT NULL, lane FROM tasks WHERE id = ?1",
                 Text{id}));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return std::optional<TaskPlace>();
  TaskPlace place{query.Int(0), query.Int(1), query.Int(2)};
  ASSIGN_OR_RETURN(place.state, StateOf(query.View(3), id));
  place.attempt = static_cast<int>(query.Int(4));
  place.repo = query.String(5);
  place.template_name = query.String(6);
  place.leased = query.Int(7) != 0;
  place.begun = query.Int(8) != 0;
  place.lane = query.Int(9);
  return std::optional(place);
}

Status Fenced(const std::string& task_id) {
  return FailedPrecondition(
      Cat("The lease on task ", task_id,
          " is over: another worker owns it, or a person moved it. Drop this result."));
}

StatusOr<TaskPlace> FindLeased(Connection& db, const std::string& id, std::int64_t lease_epoch) {
  ASSIGN_OR_RETURN(const std::optional<TaskPlace> place, FindTask(db, id));
  if (!place || place->lease_epoch != lease_epoch) return Fenced(id);
  return *place;
}

Status MoveTask(Connection& db, absl::Time now, const TaskPlace& place, const TaskMove& move) {
  const absl::Time due = now + move.delay;
  const auto ended = IsTerminal(move.to) ? std::optional(ToMicros(now)) : std::nullopt;
  RETURN_IF_ERROR(db.Execute("UPDATE tasks SET state = ?2, attempt = ?3, due_at = ?4, "
                             "not_before = ?5, updated_at = ?6, reason = ?7, ended_at = ?8, "
                             "worker = NULL, held_back = '', held_limit = '', "
                             "lease_epoch = lease_epoch + 1 WHERE seq = ?1",
                             place.seq, Text{ToString(move.to)}, move.attempt, DueAt(move.to, due),
                             ToMicros(due), ToMicros(now), Text{move.reason}, ended)
                      .status());
  if (move.to == TaskState::kQueued) RETURN_IF_ERROR(EnterLane(db, place.lane, due));
  const bool was_at_work = IsAtWork(place.state) || place.leased;
  if (was_at_work && !IsAtWork(move.to)) RETURN_IF_ERROR(WakeRepository(db, place.repo));
  if (ended) RETURN_IF_ERROR(CloseIncident(db, place.incident));
  if (ended && place.begun) RETURN_IF_ERROR(RecordEnd(db, now, place.template_name, move.to));
  if (move.entry.empty()) return OkStatus();
  const TimelineEntry entry{now, "state", move.entry};
  return AppendTimeline(db, place.seq, now, {&entry, 1});
}

StatusOr<TaskRow> ReadTaskRow(const Query& query) {
  TaskRow row;
  Task& task = row.task;
  task.id = query.String(0);
  ASSIGN_OR_RETURN(task.state, StateOf(query.View(1), task.id));
  task.attempt = static_cast<int>(query.Int(2));
  task.lease_epoch = query.Int(3);
  task.created_at = FromMicros(query.Int(4));
  task.updated_at = FromMicros(query.Int(5));
  task.not_before = FromMicros(query.Int(6));
  task.reason = query.String(7);
  task.patch_digest = query.String(8);
  task.branch = query.String(9);
  task.pushed_commit = query.String(10);
  if (!query.IsNull(11)) {
    task.change = Change{query.Int(11), query.String(12), query.Int(13) != 0};
  }
  row.plan_json = query.String(14);
  row.incident_json = query.String(15);
  row.incident_row_id = query.String(16);
  const bool by_hand = query.View(17).empty();
  if (!by_hand) task.incident_id = row.incident_row_id;
  ReadProgress(query, task);
  if (query.Int(25) != 0) ReadHeldBack(query, task);
  return row;
}

StatusOr<Task> ParseTask(TaskRow row) {
  const auto unreadable = [&](const Status& why) {
    return Internal(Cat("The record of task ", row.task.id, " cannot be read: ", Message(why)));
  };
  const StatusOr<Json> incident = Json::Parse(row.incident_json);
  if (!incident.ok()) return unreadable(incident.status());
  row.task.incident = IncidentFromJson(*incident);
  row.task.incident.id = row.incident_row_id;
  const StatusOr<Json> plan_json = Json::Parse(row.plan_json);
  if (!plan_json.ok()) return unreadable(plan_json.status());
  StatusOr<Plan> plan = PlanFromJson(*plan_json);
  if (!plan.ok()) return unreadable(plan.status());
  row.task.plan = *std::move(plan);
  return std::move(row.task);
}

}  // namespace regreen
