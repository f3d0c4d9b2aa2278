// Each failure as one run showed it. Functions run inside the caller's transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/store/connection.h"
#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

// An incident's JSON, packed before the lock is taken.
struct PackedFacts {
  explicit PackedFacts(std::string_view incident_json);
  std::string bytes;
  std::int64_t size = 0;  // unpacked
};

// Once for each run and incident, after its occurrence was written: another delivery of the same
// run adds nothing but the task that it made.
Status RecordObservation(Connection& db, absl::Time now, const std::string& delivery_key,
                         const IncidentOutcome& outcome, const PackedFacts& facts,
                         const std::optional<std::string>& task_id);

}  // namespace regreen
