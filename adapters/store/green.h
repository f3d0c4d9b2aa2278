// What a green run changes: flakes are marked, what it overtook on its own branch is over, and the
// runs of pull requests that waited for that are run again. Functions run inside the caller's
// transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/store/connection.h"
#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

StatusOr<GreenWaits> ReadGreenWaits(Connection& db, const RunHint& run);

// A green run with the JSON of its plan, which is written before the lock is taken. `run` must
// outlive it.
struct NewGreen {
  explicit NewGreen(const GreenRun& from);
  const GreenRun& run;
  std::string rerun_json;
};
// With a decision for each thing that it changes, or one that says that there was none. Answers the
// ids of the tasks that it made.
StatusOr<std::vector<std::string>> RecordGreen(Connection& db, absl::Time now,
                                               const std::string& delivery_key,
                                               const NewGreen& green);

// Ends a task by what a run told, unless it has ended, its change is open, or a worker is opening
// that just now (which looks at the run again itself). Answers whether it did.
StatusOr<bool> SupersedeTask(Connection& db, absl::Time now, const std::string& id,
                             const std::string& reason);

}  // namespace regreen
