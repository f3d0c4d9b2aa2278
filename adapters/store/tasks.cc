#include <utility>

#include "adapters/store/incidents.h"
#include "adapters/store/lanes.h"
#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "adapters/store/task_rows.h"
#include "adapters/store/usage.h"
#include "daemon/base/text.h"
#include "daemon/domain/transition.h"

namespace regreen {
namespace {

// A worker brings what a run or a forge told it, so their moves are its own too.
bool WorkerMay(TaskState from, TaskState to) {
  return IsAllowed(from, Mover::kWorker, to) || IsAllowed(from, Mover::kRunEvent, to) ||
         IsAllowed(from, Mover::kForgeEvent, to);
}

StatusOr<TaskMove> MoveOf(const TaskPlace& place, const TaskUpdate& update) {
  TaskMove move{.to = update.to, .delay = update.delay, .reason = update.reason};
  if (update.retry) {
    move.to = place.state;
    move.attempt = place.attempt + 1;
    move.entry = Cat(ToString(place.state), ", attempt ", move.attempt, ": ", update.reason);
    return move;
  }
  if (update.put_off) move.attempt = place.attempt;
  if (update.to == place.state) return move;
  if (!WorkerMay(place.state, update.to)) {
    return InvalidArgument(Cat("A worker cannot move a task from ", ToString(place.state), " to ",
                               ToString(update.to), "."));
  }
  move.entry = Cat(ToString(place.state), " → ", ToString(update.to), ": ", update.reason);
  return move;
}

Status WriteResults(Connection& db, std::int64_t task, const TaskUpdate& update) {
  if (update.patch_digest) {
    RETURN_IF_ERROR(db.Execute("UPDATE tasks SET patch_digest = ?2 WHERE seq = ?1", task,
                               Text{*update.patch_digest})
                        .status());
  }
  if (update.branch) {
    RETURN_IF_ERROR(
        db.Execute("UPDATE tasks SET branch = ?2 WHERE seq = ?1", task, Text{*update.branch})
            .status());
  }
  if (update.pushed_commit) {
    RETURN_IF_ERROR(db.Execute("UPDATE tasks SET pushed_commit = ?2 WHERE seq = ?1", task,
                               Text{*update.pushed_commit})
                        .status());
  }
  if (update.change) {
    RETURN_IF_ERROR(db.Execute("UPDATE tasks SET change_number = ?2, change_link = ?3, "
                               "change_created = ?4 WHERE seq = ?1",
                               task, update.change->number, Text{update.change->link},
                               update.change->created ? 1 : 0)
                        .status());
  }
  if (update.ladder) {
    const LadderPosition& ladder = *update.ladder;
    RETURN_IF_ERROR(db.Execute("UPDATE tasks SET ladder_next = ?2, ladder_last = ?3, "
                               "ladder_reruns = ?4, run_attempt = ?5 WHERE seq = ?1",
                               task, ladder.next, Text{ToString(ladder.last)}, ladder.reruns,
                               ladder.run_attempt)
                        .status());
  }
  if (update.reproduced) {
    RETURN_IF_ERROR(db.Execute("UPDATE tasks SET reproduced = 1 WHERE seq = ?1", task).status());
  }
  return OkStatus();
}

Status WritePlan(Connection& db, TaskPlace& place, const Plan& plan, const std::string& json) {
  place.template_name = plan.template_name;
  if (place.state == TaskState::kQueued) {
    ASSIGN_OR_RETURN(place.lane, LaneOf(db, place.repo, plan));
  }
  return db
      .Execute("UPDATE tasks SET plan = ?2, template = ?3, opens = ?4, lane = ?5 WHERE seq = ?1",
               place.seq, Text{json}, Text{plan.template_name}, MayOpenChange(plan) ? 1 : 0,
               place.lane)
      .status();
}

}  // namespace

Status SqliteStore::Renew(const TaskLease& lease, absl::Duration ttl) {
  return database_->Write([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(
        const int renewed,
        db.Execute("UPDATE tasks SET due_at = ?3 WHERE id = ?1 AND lease_epoch = ?2",
                   Text{lease.task.id}, lease.task.lease_epoch, ToMicros(clock_.Now() + ttl)));
    return renewed == 0 ? Fenced(lease.task.id) : OkStatus();
  });
}

Status SqliteStore::Append(const TaskLease& lease, std::span<const TimelineEntry> timeline,
                           std::span<const Artifact> artifacts) {
  const std::vector<PackedArtifact> packed = PackArtifacts(artifacts);
  return database_->Write([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const TaskPlace place, FindLeased(db, lease.task.id, lease.task.lease_epoch));
    const absl::Time now = clock_.Now();
    RETURN_IF_ERROR(
        db.Execute("UPDATE tasks SET updated_at = ?2 WHERE seq = ?1", place.seq, ToMicros(now))
            .status());
    RETURN_IF_ERROR(AppendTimeline(db, place.seq, now, timeline));
    return PutArtifacts(db, place.seq, packed);
  });
}

Status SqliteStore::Commit(const TaskLease& lease, const TaskUpdate& update) {
  const std::vector<PackedArtifact> packed = PackArtifacts(update.artifacts);
  const std::string plan_json = update.plan ? ToJson(*update.plan) : std::string();
  return database_->Write([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(TaskPlace place, FindLeased(db, lease.task.id, lease.task.lease_epoch));
    ASSIGN_OR_RETURN(const TaskMove move, MoveOf(place, update));
    const absl::Time now = clock_.Now();
    RETURN_IF_ERROR(AppendTimeline(db, place.seq, now, update.timeline));
    RETURN_IF_ERROR(PutArtifacts(db, place.seq, packed));
    RETURN_IF_ERROR(WriteResults(db, place.seq, update));
    if (update.plan) RETURN_IF_ERROR(WritePlan(db, place, *update.plan, plan_json));
    const Spender spender{place.seq, place.lease_epoch, place.repo, place.template_name};
    RETURN_IF_ERROR(RecordSpending(db, now, spender, update.spent));
    return MoveTask(db, now, place, move);
  });
}

Status SqliteStore::Move(const std::string& task_id, TaskState to, const std::string& reason) {
  return database_->Write([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const std::optional<TaskPlace> place, FindTask(db, task_id));
    if (!place) return NotFound(Cat("There is no task ", task_id, "."));
    if (!IsAllowed(place->state, Mover::kPerson, to)) {
      return InvalidArgument(Cat("Task ", task_id, " is ", ToString(place->state),
                                 "; nobody can move it from there to ", ToString(to), "."));
    }
    return MoveTask(db, clock_.Now(), *place,
                    {.to = to,
                     .reason = reason,
                     .entry = Cat(ToString(place->state), " → ", ToString(to), ": ", reason)});
  });
}

}  // namespace regreen
