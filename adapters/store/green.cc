#include "adapters/store/green.h"

#include <algorithm>
#include <set>

#include "adapters/store/incidents.h"
#include "adapters/store/rows.h"
#include "adapters/store/task_rows.h"
#include "daemon/base/text.h"
#include "daemon/domain/transition.h"

namespace regreen {
namespace {

std::string Short(const std::string& commit) {
  return EscapeControl(commit.substr(0, 12));
}

// The writes for one green run.
class GreenRecorder {
 public:
  GreenRecorder(Connection& db, absl::Time now, const std::string& delivery_key,
                const NewGreen& green)
      : db_(db), now_(now), delivery_key_(delivery_key), green_(green), run_(green.run) {}

  StatusOr<std::vector<std::string>> Record() {
    RETURN_IF_ERROR(MarkEarlierAttempts());
    RETURN_IF_ERROR(MarkOtherRuns());
    RETURN_IF_ERROR(CloseOvertaken());
    RETURN_IF_ERROR(RunInheritedAgain());
    if (decisions_ == 0)
      RETURN_IF_ERROR(Decide("ignored", "the run is green, and nothing waits for it any more"));
    return std::move(made_);
  }

 private:
  // What was inherited went with its base branch: that is no flake.
  Status MarkEarlierAttempts() {
    ASSIGN_OR_RETURN(const int marked,
                     db_.Execute("UPDATE occurrences SET recovered = 1 "
                                 "WHERE forge = ?1 AND repo = ?2 AND run_id = ?3 AND attempt < ?4 "
                                 "AND recovered = 0 AND inherited IS NULL",
                                 Text{run_.key.forge}, Text{run_.key.repo}, Text{run_.key.run_id},
                                 run_.key.attempt));
    if (marked > 0) {
      RETURN_IF_ERROR(Decide("recovered", Cat("attempt ", run_.key.attempt,
                                              " of the run is green at the same commit: what its "
                                              "earlier attempts showed is flaky")));
    }
    ASSIGN_OR_RETURN(const int waited,
                     db_.Execute("UPDATE occurrences SET waits = 0 WHERE forge = ?1 AND repo = ?2 "
                                 "AND run_id = ?3 AND attempt < ?4 AND waits = 1",
                                 Text{run_.key.forge}, Text{run_.key.repo}, Text{run_.key.run_id},
                                 run_.key.attempt));
    if (waited == 0) return OkStatus();
    return Decide("green", Cat("attempt ", run_.key.attempt,
                               " of the run is green: it does not wait for its base branch any "
                               "more"));
  }

  Status MarkOtherRuns() {
    if (run_.commit.empty()) return OkStatus();
    ASSIGN_OR_RETURN(const int marked,
                     db_.Execute("UPDATE occurrences SET recovered = 1 "
                                 "WHERE forge = ?1 AND repo = ?2 AND head = ?3 AND workflow = ?4 "
                                 "AND event = ?5 AND run_id <> ?6 "
                                 "AND recovered = 0 AND inherited IS NULL",
                                 Text{run_.key.forge}, Text{run_.key.repo}, Text{run_.commit},
                                 Text{run_.workflow}, Text{run_.event}, Text{run_.key.run_id}));
    if (marked == 0) return OkStatus();
    return Decide("recovered", Cat("another run of the same workflow is green at the same commit ",
                                   Short(run_.commit), ": what the red one showed is flaky"));
  }

  bool Overtakes(std::string_view commit) const {
    return std::find(run_.overtaken.begin(), run_.overtaken.end(), commit) != run_.overtaken.end();
  }

  struct Open {
    IncidentRow row;
    std::string task_id;
  };

  Status CloseOvertaken() {
    std::vector<Open> open;
    {
      ASSIGN_OR_RETURN(Query query,
                       db_.Prepare("SELECT seq, id, task_id, head FROM incidents "
                                   "WHERE forge = ?1 AND repo = ?2 AND branch = ?3 "
                                   "AND workflow = ?4 AND event = ?5 "
                                   "AND open = 1 AND of_base = 1",
                                   Text{run_.key.forge}, Text{run_.key.repo}, Text{run_.branch},
                                   Text{run_.workflow}, Text{run_.event}));
      while (true) {
        ASSIGN_OR_RETURN(const bool row, query.Next());
        if (!row) break;
        if (Overtakes(query.View(3)))
          open.push_back({{query.Int(0), query.String(1)}, query.String(2)});
      }
    }
    for (const Open& incident : open) RETURN_IF_ERROR(CloseOne(incident));
    return OkStatus();
  }

  Status CloseOne(const Open& incident) {
    RETURN_IF_ERROR(CloseIncident(db_, incident.row.seq));
    const std::string why = Cat("the base branch is green again at ", Short(run_.commit));
    ASSIGN_OR_RETURN(const bool waits_for_it, IsRerunOfThis(incident));
    bool ended = false;
    if (!incident.task_id.empty() && !waits_for_it) {
      ASSIGN_OR_RETURN(ended, SupersedeTask(db_, now_, incident.task_id, why));
    }
    return Decide("green",
                  Cat("the base branch ", EscapeControl(Truncate(run_.branch, 100)),
                      " is green again at ", Short(run_.commit), ": its failure is over",
                      ended ? Cat(", and task ", incident.task_id, " with it") : std::string()),
                  incident.row.id, incident.task_id);
  }

  // The task ran this very run again and waits for its answer, which is that it recovered.
  StatusOr<bool> IsRerunOfThis(const Open& incident) {
    ASSIGN_OR_RETURN(Query query,
                     db_.Prepare("SELECT 1 FROM occurrences o JOIN tasks t ON t.id = ?5 "
                                 "WHERE o.forge = ?1 AND o.repo = ?2 AND o.run_id = ?3 "
                                 "AND o.incident = ?4 AND t.state = 'rerunning'",
                                 Text{run_.key.forge}, Text{run_.key.repo}, Text{run_.key.run_id},
                                 incident.row.seq, Text{incident.task_id}));
    return query.Next();
  }

  struct Waiting {
    std::string run, run_id, facts;
  };

  // A run that shows another failure beside, or one whose base branch is red still, is left to
  // that.
  StatusOr<std::vector<Waiting>> FindWaiting() {
    std::vector<Waiting> waiting;
    std::set<std::string, std::less<>> seen;
    ASSIGN_OR_RETURN(
        Query query,
        db_.Prepare("SELECT o.run, o.run_id, o.facts, i.head "
                    "FROM occurrences o INDEXED BY occurrences_that_wait "
                    "JOIN incidents i ON i.seq = o.inherited "
                    "WHERE o.waits = 1 AND o.forge = ?1 AND o.repo = ?2 AND i.open = 0 "
                    "AND i.branch = ?3 AND i.workflow = ?4 AND i.event = ?5 "
                    "AND NOT EXISTS (SELECT 1 FROM occurrences p "
                    "LEFT JOIN incidents b ON b.seq = p.inherited WHERE p.forge = o.forge "
                    "AND p.repo = o.repo AND p.run_id = o.run_id AND p.attempt = o.attempt "
                    "AND (p.inherited IS NULL OR b.open = 1)) ORDER BY o.at, o.run",
                    Text{run_.key.forge}, Text{run_.key.repo}, Text{run_.branch},
                    Text{run_.workflow}, Text{run_.event}));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, query.Next());
      if (!row) return waiting;
      if (Overtakes(query.View(3)) && seen.insert(query.String(0)).second)
        waiting.push_back({query.String(0), query.String(1), query.String(2)});
    }
  }

  Status RunInheritedAgain() {
    ASSIGN_OR_RETURN(const std::vector<Waiting> waiting, FindWaiting());
    for (const Waiting& run : waiting) RETURN_IF_ERROR(RunAgain(run));
    return OkStatus();
  }

  Status RunAgain(const Waiting& waiting) {
    const std::string reason = Cat(
        "the base branch ", EscapeControl(Truncate(run_.branch, 100)), " is green again at ",
        Short(run_.commit), ": the run inherited its failure from there, and is run again once");
    ASSIGN_OR_RETURN(const IncidentRow row, InsertIncident(db_, now_, "", waiting.facts));
    ASSIGN_OR_RETURN(std::string task, InsertTask(db_, now_,
                                                  {.incident = row.seq,
                                                   .repo = run_.key.repo,
                                                   .plan = &run_.rerun,
                                                   .plan_json = green_.rerun_json,
                                                   .reason = reason}));
    RETURN_IF_ERROR(db_.Execute("UPDATE occurrences SET waits = 0 WHERE forge = ?1 AND repo = ?2 "
                                "AND run_id = ?3",
                                Text{run_.key.forge}, Text{run_.key.repo}, Text{waiting.run_id})
                        .status());
    RETURN_IF_ERROR(Decide("rerun", reason, "", task, waiting.run));
    made_.push_back(std::move(task));
    return OkStatus();
  }

  Status Decide(const std::string& kind, const std::string& reason,
                const std::string& incident_id = "", const std::string& task_id = "",
                const std::string& run = "") {
    ++decisions_;
    return InsertDecision(db_, now_,
                          {.delivery_key = delivery_key_,
                           .run = run.empty() ? ToString(run_.key) : run,
                           .incident_id = incident_id,
                           .task_id = task_id,
                           .kind = kind,
                           .reason = reason});
  }

  Connection& db_;
  const absl::Time now_;
  const std::string& delivery_key_;
  const NewGreen& green_;
  const GreenRun& run_;
  std::vector<std::string> made_;
  int decisions_ = 0;
};

}  // namespace

// The planner would rather read every occurrence of the repository than the few that wait: those
// are named.
StatusOr<GreenWaits> ReadGreenWaits(Connection& db, const RunHint& run) {
  GreenWaits waits;
  ASSIGN_OR_RETURN(
      Query flake,
      db.Prepare("SELECT 1 FROM occurrences WHERE forge = ?1 AND repo = ?2 AND run_id = ?3 "
                 "AND attempt < ?4 AND (waits = 1 OR (recovered = 0 AND inherited IS NULL)) "
                 "UNION ALL SELECT 1 FROM occurrences WHERE forge = ?1 AND repo = ?2 AND head = ?5 "
                 "AND ?5 <> '' AND workflow = ?6 AND event = ?7 AND run_id <> ?3 "
                 "AND recovered = 0 AND inherited IS NULL LIMIT 1",
                 Text{run.key.forge}, Text{run.key.repo}, Text{run.key.run_id}, run.key.attempt,
                 Text{run.commit}, Text{run.workflow}, Text{run.event}));
  ASSIGN_OR_RETURN(waits.flake, flake.Next());
  ASSIGN_OR_RETURN(
      Query commits,
      db.Prepare("SELECT head FROM incidents WHERE forge = ?1 AND repo = ?2 AND branch = ?3 "
                 "AND workflow = ?4 AND event = ?5 AND open = 1 AND of_base = 1 "
                 "UNION SELECT i.head FROM occurrences o INDEXED BY occurrences_that_wait "
                 "JOIN incidents i ON i.seq = o.inherited "
                 "WHERE o.waits = 1 AND o.forge = ?1 AND o.repo = ?2 AND i.branch = ?3 "
                 "AND i.workflow = ?4 AND i.event = ?5 LIMIT ?6",
                 Text{run.key.forge}, Text{run.key.repo}, Text{run.branch}, Text{run.workflow},
                 Text{run.event}, GreenWaits::kMostCommits));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, commits.Next());
    if (!row) return waits;
    waits.commits.push_back(commits.String(0));
  }
}

NewGreen::NewGreen(const GreenRun& from) : run(from), rerun_json(ToJson(from.rerun)) {}

StatusOr<std::vector<std::string>> RecordGreen(Connection& db, absl::Time now,
                                               const std::string& delivery_key,
                                               const NewGreen& green) {
  return GreenRecorder(db, now, delivery_key, green).Record();
}

StatusOr<bool> SupersedeTask(Connection& db, absl::Time now, const std::string& id,
                             const std::string& reason) {
  ASSIGN_OR_RETURN(const std::optional<TaskPlace> place, FindTask(db, id));
  if (!place || !IsAllowed(place->state, Mover::kRunEvent, TaskState::kSuperseded)) return false;
  ASSIGN_OR_RETURN(Query query,
                   db.Prepare("SELECT change_number IS NOT NULL OR (state = 'publishing' AND "
                              "worker IS NOT NULL AND due_at > ?2) FROM tasks WHERE seq = ?1",
                              place->seq, ToMicros(now)));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row || query.Int(0) != 0) return false;
  RETURN_IF_ERROR(MoveTask(db, now, *place,
                           {.to = TaskState::kSuperseded,
                            .reason = reason,
                            .entry = Cat(ToString(place->state), " → ",
                                         ToString(TaskState::kSuperseded), ": ", reason)}));
  return true;
}

}  // namespace regreen
