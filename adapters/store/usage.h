// What limits count. Each count costs the same however many tasks have ended. Functions run inside
// the caller's transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/store/connection.h"
#include "daemon/base/status.h"
#include "daemon/domain/limits.h"
#include "daemon/domain/task.h"

namespace regreen {

// Whose limits: a template's in a repository, or a repository's.
struct LimitScope {
  std::string repo;
  std::string template_name;  // "" for the repository's own
};

struct LimitCandidate {
  std::int64_t seq = 0;  // left out of what is counted
  std::string fingerprint;
  bool opens = false;  // it may open a change
};

// What the limits ask for; the rest stays zero.
StatusOr<LimitUsage> CountUsage(Connection& db, absl::Time now, const Limits& limits,
                                const LimitScope& scope, const LimitCandidate& candidate);

// Whose work it was.
struct Spender {
  std::int64_t task = 0;   // seq
  std::int64_t epoch = 0;  // of the lease
  std::string_view repo, template_name;
};
// Adds to what the task cost, and to what its template and repository spent, by how much `so_far`
// is more than was recorded of the lease before.
Status RecordSpending(Connection& db, absl::Time now, const Spender& spender, const Spend& so_far);

// Brings the row of failures of its template up to date with a task that began and ended.
Status RecordEnd(Connection& db, absl::Time now, std::string_view template_name, TaskState end);

}  // namespace regreen
