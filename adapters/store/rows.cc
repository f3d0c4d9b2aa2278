#include "adapters/store/rows.h"

namespace regreen {

Status InsertDecision(Connection& db, absl::Time now, const Decision& decision) {
  return db
      .Execute(
          "INSERT INTO decisions (at, delivery_key, run, incident_id, task_id, kind, reason) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          ToMicros(TimeOr(decision.at, now)), Text{decision.delivery_key}, Text{decision.run},
          Text{decision.incident_id}, Text{decision.task_id}, Text{decision.kind},
          Text{decision.reason})
      .status();
}

}  // namespace regreen
