// Tasks that people start, and whether a worker still has one.
#include <utility>

#include "adapters/store/incidents.h"
#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "adapters/store/task_rows.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// How long a request is known by its key.
constexpr absl::Duration kKeysKept = absl::Hours(24 * 7);

// The task that an earlier request with the key made.
StatusOr<std::optional<std::string>> FindByKey(Connection& db, const HandTask& task) {
  constexpr std::optional<std::string> kNone;
  if (task.idempotency_key.empty()) return kNone;
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT digest, task FROM hand_keys "
                                           "WHERE by_whom = ?1 AND key = ?2",
                                           Text{task.by}, Text{task.idempotency_key}));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return kNone;
  if (query.View(0) == task.request_digest) return std::optional(query.String(1));
  return AlreadyExists(Cat("The key was used for another request, which made task ", query.View(1),
                           ". Send each request with a key of its own."));
}

Status RememberKey(Connection& db, absl::Time now, const HandTask& task, const std::string& id) {
  if (task.idempotency_key.empty()) return OkStatus();
  RETURN_IF_ERROR(
      db.Execute("DELETE FROM hand_keys WHERE at < ?1", ToMicros(now - kKeysKept)).status());
  return db
      .Execute("INSERT INTO hand_keys (by_whom, key, digest, task, at) VALUES (?1, ?2, ?3, ?4, ?5)",
               Text{task.by}, Text{task.idempotency_key}, Text{task.request_digest}, Text{id},
               ToMicros(now))
      .status();
}

}  // namespace

StatusOr<bool> SqliteStore::Holds(const TaskLease& lease) {
  bool holds = false;
  RETURN_IF_ERROR(database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const std::optional<TaskPlace> place, FindTask(db, lease.task.id));
    holds = place && place->lease_epoch == lease.task.lease_epoch;
    return OkStatus();
  }));
  return holds;
}

StatusOr<CreatedTask> SqliteStore::CreateByHand(const HandTask& task) {
  const std::string incident_json = ToJson(task.incident);
  const std::string plan_json = ToJson(task.plan);
  const std::vector<PackedArtifact> packed = PackArtifacts(task.artifacts);
  CreatedTask made;
  const Status status = database_->Write([&](Connection& db) -> Status {
    const absl::Time now = clock_.Now();
    ASSIGN_OR_RETURN(const std::optional<std::string> earlier, FindByKey(db, task));
    made.existed = earlier.has_value();
    if (made.existed) {
      made.id = *earlier;
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const IncidentRow row, InsertIncident(db, now, "", incident_json));
    ASSIGN_OR_RETURN(made.id, InsertTask(db, now,
                                         {.incident = row.seq,
                                          .repo = task.incident.run.key.repo,
                                          .fingerprint = task.incident.evidence.fingerprint,
                                          .plan = &task.plan,
                                          .plan_json = plan_json,
                                          .hold = task.hold,
                                          .reason = task.reason}));
    ASSIGN_OR_RETURN(const std::optional<TaskPlace> place, FindTask(db, made.id));
    if (place) RETURN_IF_ERROR(PutArtifacts(db, place->seq, packed));
    RETURN_IF_ERROR(RememberKey(db, now, task, made.id));
    if (task.by.empty()) return OkStatus();
    return InsertDecision(db, now,
                          {.run = ToString(task.incident.run.key),
                           .incident_id = row.id,
                           .task_id = made.id,
                           .kind = "by-hand",
                           .reason = task.reason});
  });
  RETURN_IF_ERROR(status);
  return made;
}

}  // namespace regreen
