// Incidents, and how a delivery's outcome becomes a new one, an occurrence of an open one, or
// nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/store/connection.h"
#include "adapters/store/observations.h"
#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

// An outcome with its JSON, which is written before the lock is taken. `outcome` must outlive it.
struct NewIncident {
  explicit NewIncident(const IncidentOutcome& from);
  const IncidentOutcome& outcome;
  std::string incident_json;
  std::string plan_json;  // "" without a plan
  PackedFacts facts;
};

// Decides what the outcome means beside what is known, and writes that with its decision. Answers
// the id of the task that it made, if any. A run counts once for each key, even when the incident
// that it showed is closed by now: a CI tells of one run in many deliveries.
StatusOr<std::optional<std::string>> RecordIncident(Connection& db, absl::Time now,
                                                    const std::string& delivery_key,
                                                    const NewIncident& added);

StatusOr<History> ReadHistoryOf(Connection& db, const RunKey& run, std::string_view fingerprint);

struct IncidentRow {
  std::int64_t seq = 0;
  std::string id;
};
// `key` empty: for a task by hand, never open.
StatusOr<IncidentRow> InsertIncident(Connection& db, absl::Time now, std::string_view key,
                                     std::string_view incident_json);
Status CloseIncident(Connection& db, std::int64_t seq);

}  // namespace regreen
