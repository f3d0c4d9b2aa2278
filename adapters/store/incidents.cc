#include "adapters/store/incidents.h"

#include "adapters/store/green.h"
#include "adapters/store/rows.h"
#include "adapters/store/task_rows.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct OpenIncident {
  IncidentRow row;
  std::string task_id;  // "" as long as no template matched
  bool of_base = false;
};

StatusOr<std::optional<OpenIncident>> FindOpen(Connection& db, const std::string& key) {
  ASSIGN_OR_RETURN(
      Query query,
      db.Prepare("SELECT seq, id, task_id, of_base FROM incidents WHERE key = ?1 AND open = 1",
                 Text{key}));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return std::optional<OpenIncident>();
  return std::optional(
      OpenIncident{{query.Int(0), query.String(1)}, query.String(2), query.Int(3) != 0});
}

StatusOr<bool> SawRun(Connection& db, const std::string& key, const std::string& run) {
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT 1 FROM occurrences WHERE key = ?1 AND run = ?2",
                                           Text{key}, Text{run}));
  return query.Next();
}

// What is known of an occurrence from the start.
struct Mark {
  bool recovered = false;
  std::optional<std::int64_t> inherited;  // from the incident of this seq
};

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
        run_(ToString(added.outcome.incident.run.key)),
        of_base_(IsOfBaseBranch(added.outcome.incident.run)) {}

  StatusOr<std::optional<std::string>> Record() {
    ASSIGN_OR_RETURN(std::optional<OpenIncident> open, FindOpen(db_, outcome_.key));
    ASSIGN_OR_RETURN(const bool seen, SawRun(db_, outcome_.key, run_));
    if (outcome_.recovered) return seen ? Nothing() : Remember(open);
    if (open && open->of_base != of_base_) {
      if (seen) return Ignore(open);
      return of_base_ ? TakeOver(*open) : Inherit(*open);
    }
    const bool may_select = !open || open->task_id.empty();
    const bool selects = outcome_.plan && may_select && (open || !seen);
    if (seen && !selects) return Ignore(open);
    if (!open) return Begin();
    if (!seen) RETURN_IF_ERROR(Occur(open->row));
    if (!seen && of_base_) RETURN_IF_ERROR(FailsHereToo(open->row));
    return selects ? Select(open->row) : Join(*open);
  }

 private:
  using Made = StatusOr<std::optional<std::string>>;
  static Made Nothing() { return std::optional<std::string>(); }

  // In histories and cooldowns. A fork's author chooses what fails there: it tells nothing of the
  // repository's own failures.
  const std::string& Fingerprint() const {
    return outcome_.incident.run.from_fork ? outcome_.key : outcome_.incident.evidence.fingerprint;
  }

  Status Occur(const IncidentRow& row, const Mark& mark = {}) {
    const RunFacts& run = outcome_.incident.run;
    // Another CI's run cannot be run again by the forge, so that it waits for nothing.
    const bool keeps = !of_base_ && !run.foreign && !run.from_fork;
    if (!of_base_ && !mark.recovered) RETURN_IF_ERROR(StopWaiting(run));
    return db_
        .Execute(
            "INSERT INTO occurrences (key, run, incident, at, forge, repo, fingerprint, run_id, "
            "attempt, recovered, branch, workflow, event, head, inherited, waits, facts) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            Text{outcome_.key}, Text{run_}, row.seq, ToMicros(now_), Text{run.key.forge},
            Text{run.key.repo}, Text{Fingerprint()}, Text{run.key.run_id}, run.key.attempt,
            mark.recovered ? 1 : 0, Text{run.branch}, Text{run.workflow}, Text{run.event},
            Text{run.commit}, mark.inherited, keeps && mark.inherited.has_value() ? 1 : 0,
            Text{keeps ? std::string_view(added_.incident_json) : std::string_view()})
        .status();
  }

  // An older run of the same pull request is run again for nothing.
  Status StopWaiting(const RunFacts& run) {
    return db_
        .Execute(
            "UPDATE occurrences SET waits = 0 WHERE waits = 1 AND forge = ?1 AND repo = ?2 "
            "AND branch = ?3 AND workflow = ?4 AND run <> ?5",
            Text{run.key.forge}, Text{run.key.repo}, Text{run.branch}, Text{run.workflow},
            Text{run_})
        .status();
  }

  // The incident's own run is the one that its task repairs.
  Status IsOwnRunOf(const IncidentRow& row) {
    const RunFacts& run = outcome_.incident.run;
    return db_
        .Execute(
            "UPDATE incidents SET forge = ?2, repo = ?3, branch = ?4, workflow = ?5, event = ?6, "
            "head = ?7, of_base = ?8 WHERE seq = ?1",
            row.seq, Text{run.key.forge}, Text{run.key.repo}, Text{run.branch}, Text{run.workflow},
            Text{run.event}, Text{run.commit}, of_base_ ? 1 : 0)
        .status();
  }

  // A green run of a commit between the first that failed and this one ends nothing.
  Status FailsHereToo(const IncidentRow& row) {
    const RunFacts& run = outcome_.incident.run;
    return db_
        .Execute("UPDATE incidents SET head = ?2 WHERE seq = ?1 AND workflow = ?3 AND event = ?4",
                 row.seq, Text{run.commit}, Text{run.workflow}, Text{run.event})
        .status();
  }

  StatusOr<IncidentRow> Open() {
    ASSIGN_OR_RETURN(IncidentRow row,
                     InsertIncident(db_, now_, outcome_.key, added_.incident_json));
    RETURN_IF_ERROR(IsOwnRunOf(row));
    return row;
  }

  Made Begin() {
    ASSIGN_OR_RETURN(const IncidentRow row, Open());
    RETURN_IF_ERROR(Occur(row));
    if (!outcome_.plan) return Decide("unmatched", outcome_.reason, row.id, "");
    return Select(row);
  }

  // Counts in the fingerprint's history; nothing is to be done.
  Made Remember(const std::optional<OpenIncident>& open) {
    IncidentRow row;
    if (open) {
      row = open->row;
    } else {
      ASSIGN_OR_RETURN(row, Open());
      RETURN_IF_ERROR(CloseIncident(db_, row.seq));
    }
    RETURN_IF_ERROR(Occur(row, {.recovered = true}));
    return Nothing();
  }

  std::string BaseBranch() const {
    return EscapeControl(Truncate(outcome_.incident.run.base_branch, 100));
  }
  std::string Inherited(const std::string& task_id, bool waits) const {
    return Cat("the base branch ", BaseBranch(), " has the same failure; ",
               task_id.empty() ? std::string("no template matches it")
                               : Cat("task ", task_id, " works on it"),
               waits ? "; this run is run again when it is green" : "");
  }

  Made Inherit(const OpenIncident& base) {
    RETURN_IF_ERROR(Occur(base.row, {.inherited = base.row.seq}));
    const RunFacts& run = outcome_.incident.run;
    return Decide("inherited", Inherited(base.task_id, !run.foreign), base.row.id, base.task_id);
  }

  // A pull request showed first what is its base branch's own.
  Made TakeOver(const OpenIncident& taken) {
    RETURN_IF_ERROR(CloseIncident(db_, taken.row.seq));
    ASSIGN_OR_RETURN(const IncidentRow row, Open());
    RETURN_IF_ERROR(Occur(row));
    Made made = outcome_.plan ? Select(row) : Decide("unmatched", outcome_.reason, row.id, "");
    RETURN_IF_ERROR(made.status());
    const std::string task_id = made->value_or("");
    if (!taken.task_id.empty()) {
      const std::string why = Cat("the base branch ", BaseBranch(), " has the same failure, and ",
                                  task_id.empty() ? std::string("it is to be repaired there")
                                                  : Cat("task ", task_id, " repairs it there"));
      RETURN_IF_ERROR(SupersedeTask(db_, now_, taken.task_id, why).status());
    }
    RETURN_IF_ERROR(HandDown(taken.row, row, task_id));
    return made;
  }

  // What the pull requests showed is inherited from now on; the newest run of each waits.
  Status HandDown(const IncidentRow& from, const IncidentRow& to, const std::string& task_id) {
    RETURN_IF_ERROR(
        db_.Execute("UPDATE occurrences SET inherited = ?2, waits = facts <> '' AND recovered = 0 "
                    "AND NOT EXISTS (SELECT 1 FROM occurrences later "
                    "WHERE later.forge = occurrences.forge AND later.repo = occurrences.repo "
                    "AND later.branch = occurrences.branch "
                    "AND later.workflow = occurrences.workflow AND later.at > occurrences.at) "
                    "WHERE key = ?3 AND incident = ?1",
                    from.seq, to.seq, Text{outcome_.key})
            .status());
    std::vector<std::pair<std::string, bool>> runs;
    {
      ASSIGN_OR_RETURN(
          Query query,
          db_.Prepare("SELECT run, waits FROM occurrences WHERE key = ?1 AND inherited = ?2",
                      Text{outcome_.key}, to.seq));
      while (true) {
        ASSIGN_OR_RETURN(const bool row, query.Next());
        if (!row) break;
        runs.emplace_back(query.String(0), query.Int(1) != 0);
      }
    }
    for (const auto& [run, waits] : runs) {
      RETURN_IF_ERROR(InsertDecision(db_, now_,
                                     {.delivery_key = delivery_key_,
                                      .run = run,
                                      .incident_id = to.id,
                                      .task_id = task_id,
                                      .kind = "inherited",
                                      .reason = Inherited(task_id, waits)}));
    }
    return OkStatus();
  }

  Made Select(const IncidentRow& row) {
    ASSIGN_OR_RETURN(const std::string task, InsertTask(db_, now_,
                                                        {.incident = row.seq,
                                                         .repo = outcome_.incident.run.key.repo,
                                                         .fingerprint = Fingerprint(),
                                                         .plan = &*outcome_.plan,
                                                         .plan_json = added_.plan_json,
                                                         .hold = outcome_.hold,
                                                         .reason = outcome_.reason}));
    // The task works on the failure that it was selected for, not on an older one of the same kind.
    RETURN_IF_ERROR(db_.Execute("UPDATE incidents SET task_id = ?2, incident = ?3 WHERE seq = ?1",
                                row.seq, Text{task}, Text{added_.incident_json})
                        .status());
    RETURN_IF_ERROR(IsOwnRunOf(row));
    RETURN_IF_ERROR(Decide("selected", outcome_.reason, row.id, task).status());
    if (!outcome_.demoted.empty())
      RETURN_IF_ERROR(Decide("demoted", outcome_.demoted, row.id, task).status());
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
  const bool of_base_;
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
  ASSIGN_OR_RETURN(Query times,
                   db.Prepare("SELECT at FROM occurrences "
                              "WHERE forge = ?1 AND repo = ?2 AND fingerprint = ?3 "
                              "AND NOT (run_id = ?4 AND attempt = ?5) ORDER BY at DESC LIMIT ?6",
                              Text{run.forge}, Text{run.repo}, Text{fingerprint}, Text{run.run_id},
                              run.attempt, static_cast<std::int64_t>(History::kMostTimes)));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, times.Next());
    if (!row) break;
    history.times.push_back(FromMicros(times.Int(0)));
  }
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
