#include "adapters/store/incidents.h"

#include "adapters/store/rows.h"
#include "adapters/store/task_rows.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct OpenIncident {
  IncidentRow row;
  std::string task_id;  // "" as long as no template matched
};

StatusOr<std::optional<OpenIncident>> FindOpen(Connection& db, const std::string& key) {
  ASSIGN_OR_RETURN(
      Query query,
      db.Prepare("SELECT seq, id, task_id FROM incidents WHERE key = ?1 AND open = 1", Text{key}));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return std::optional<OpenIncident>();
  return std::optional(OpenIncident{{query.Int(0), query.String(1)}, query.String(2)});
}

StatusOr<bool> SawRun(Connection& db, const std::string& key, const std::string& run) {
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT 1 FROM occurrences WHERE key = ?1 AND run = ?2",
                                           Text{key}, Text{run}));
  return query.Next();
}

// The writes for one outcome of one delivery.
class Recorder {
 public:
  Recorder(Connection& db, absl::Time now, const std::string& delivery_key,
           const NewIncident& added)
      : db_(db),
        now_(now),
        delivery_key_(delivery_key),
        added_(added),
        outcome_(added.outcome),
        run_(ToString(added.outcome.incident.run.key)) {}

  StatusOr<std::optional<std::string>> Record() {
    ASSIGN_OR_RETURN(std::optional<OpenIncident> open, FindOpen(db_, outcome_.key));
    ASSIGN_OR_RETURN(const bool seen, SawRun(db_, outcome_.key, run_));
    const bool may_select = !open || open->task_id.empty();
    const bool selects = outcome_.plan && may_select && (open || !seen);
    if (seen && !selects) return Ignore(open);
    if (!open) {
      ASSIGN_OR_RETURN(IncidentRow row,
                       InsertIncident(db_, now_, outcome_.key, added_.incident_json));
      RETURN_IF_ERROR(Occur(row));
      if (!selects) return Decide("unmatched", outcome_.reason, row.id, "");
      return Select(row);
    }
    if (!seen) RETURN_IF_ERROR(Occur(open->row));
    return selects ? Select(open->row) : Join(*open);
  }

 private:
  using Made = StatusOr<std::optional<std::string>>;

  Status Occur(const IncidentRow& row) {
    const RunKey& run = outcome_.incident.run.key;
    return db_
        .Execute(
            "INSERT INTO occurrences "
            "(key, run, incident, at, forge, repo, fingerprint, run_id, attempt) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            Text{outcome_.key}, Text{run_}, row.seq, ToMicros(now_), Text{run.forge},
            Text{run.repo}, Text{outcome_.incident.evidence.fingerprint}, Text{run.run_id},
            run.attempt)
        .status();
  }

  Made Select(const IncidentRow& row) {
    ASSIGN_OR_RETURN(const std::string task,
                     InsertTask(db_, now_,
                                {.incident = row.seq,
                                 .repo = outcome_.incident.run.key.repo,
                                 .fingerprint = outcome_.incident.evidence.fingerprint,
                                 .plan = &*outcome_.plan,
                                 .plan_json = added_.plan_json,
                                 .hold = outcome_.hold,
                                 .reason = outcome_.reason}));
    // The task works on the failure that it was selected for, not on an older one of the same kind.
    RETURN_IF_ERROR(db_.Execute("UPDATE incidents SET task_id = ?2, incident = ?3 WHERE seq = ?1",
                                row.seq, Text{task}, Text{added_.incident_json})
                        .status());
    RETURN_IF_ERROR(Decide("selected", outcome_.reason, row.id, task).status());
    return std::optional(task);
  }

  Made Join(const OpenIncident& open) {
    const std::string reason =
        open.task_id.empty()
            ? std::string("The same failure is open already, and no template matches it.")
            : Cat("The same failure is open already; task ", open.task_id, " works on it.");
    return Decide("occurrence", reason, open.row.id, open.task_id);
  }

  Made Ignore(const std::optional<OpenIncident>& open) {
    return Decide("ignored", "Another delivery told of this failure of this run already.",
                  open ? open->row.id : "", open ? open->task_id : "");
  }

  Made Decide(const std::string& kind, const std::string& reason, const std::string& incident_id,
              const std::string& task_id) {
    RETURN_IF_ERROR(InsertDecision(db_, now_,
                                   {.delivery_key = delivery_key_,
                                    .run = run_,
                                    .incident_id = incident_id,
                                    .task_id = task_id,
                                    .kind = kind,
                                    .reason = reason}));
    return std::optional<std::string>();
  }

  Connection& db_;
  const absl::Time now_;
  const std::string& delivery_key_;
  const NewIncident& added_;
  const IncidentOutcome& outcome_;
  const std::string run_;
};

}  // namespace

NewIncident::NewIncident(const IncidentOutcome& from)
    : outcome(from),
      incident_json(ToJson(from.incident)),
      plan_json(from.plan ? ToJson(*from.plan) : std::string()),
      facts(incident_json) {}

StatusOr<std::optional<std::string>> RecordIncident(Connection& db, absl::Time now,
                                                    const std::string& delivery_key,
                                                    const NewIncident& added) {
  ASSIGN_OR_RETURN(auto made, Recorder(db, now, delivery_key, added).Record());
  RETURN_IF_ERROR(RecordObservation(db, now, delivery_key, added.outcome, added.facts, made));
  return made;
}

Status RecordRecovery(Connection& db, const RunKey& green) {
  return db
      .Execute(
          "UPDATE occurrences SET recovered = 1 "
          "WHERE forge = ?1 AND repo = ?2 AND run_id = ?3 AND attempt < ?4",
          Text{green.forge}, Text{green.repo}, Text{green.run_id}, green.attempt)
      .status();
}

StatusOr<History> ReadHistoryOf(Connection& db, const RunKey& run, std::string_view fingerprint) {
  History history;
  ASSIGN_OR_RETURN(Query seen,
                   db.Prepare("SELECT count(*), ifnull(sum(recovered), 0) FROM occurrences "
                              "WHERE forge = ?1 AND repo = ?2 AND fingerprint = ?3 "
                              "AND NOT (run_id = ?4 AND attempt = ?5)",
                              Text{run.forge}, Text{run.repo}, Text{fingerprint}, Text{run.run_id},
                              run.attempt));
  RETURN_IF_ERROR(seen.Next().status());
  history.seen = static_cast<int>(seen.Int(0));
  history.recovered = static_cast<int>(seen.Int(1));
  // Named, since the planner would rather read every merged task by its state.
  ASSIGN_OR_RETURN(Query fixed, db.Prepare("SELECT count(*) FROM tasks INDEXED BY tasks_merged "
                                           "WHERE state = 'merged' AND incident IN "
                                           "(SELECT incident FROM occurrences WHERE forge = ?1 "
                                           "AND repo = ?2 AND fingerprint = ?3)",
                                           Text{run.forge}, Text{run.repo}, Text{fingerprint}));
  RETURN_IF_ERROR(fixed.Next().status());
  history.fixed = static_cast<int>(fixed.Int(0));
  return history;
}

StatusOr<IncidentRow> InsertIncident(Connection& db, absl::Time now, std::string_view key,
                                     std::string_view incident_json) {
  IncidentRow row{.id = RandomHex(6)};
  RETURN_IF_ERROR(db.Execute("INSERT INTO incidents (id, key, open, created_at, incident) "
                             "VALUES (?1, ?2, ?3, ?4, ?5)",
                             Text{row.id}, Text{key}, key.empty() ? 0 : 1, ToMicros(now),
                             Text{incident_json})
                      .status());
  row.seq = db.LastInsertedRow();
  return row;
}

Status CloseIncident(Connection& db, std::int64_t seq) {
  return db.Execute("UPDATE incidents SET open = 0 WHERE seq = ?1", seq).status();
}

}  // namespace regreen
