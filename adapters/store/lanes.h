// Lanes of queued tasks that no worker holds: those of one template in one repository under the
// same limits. A limit holds a whole lane back, so that many waiting tasks cost a claim no more
// than one. Functions run inside the caller's transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/store/connection.h"
#include "daemon/base/status.h"
#include "daemon/domain/limits.h"
#include "daemon/domain/plan.h"

namespace regreen {

// The lane of such tasks; made when there is none.
StatusOr<std::int64_t> LaneOf(Connection& db, std::string_view repo, const Plan& plan);

// A task of the lane is due then.
Status EnterLane(Connection& db, std::int64_t lane, absl::Time due);

struct LaneRow {
  std::int64_t seq = 0;
  std::int64_t due_at = 0, blocked_until = 0;
  std::string repo, template_name, limits_json;
  bool opens = false;
};
// The lane that is due and was so first.
StatusOr<std::optional<LaneRow>> FirstDueLane(Connection& db, absl::Time now);

struct LaneHead {
  std::int64_t seq = 0, due_at = 0;
  std::string fingerprint;
  std::string held_limit;  // what its timeline said last
};
// The task that is due first in it, now or later.
StatusOr<std::optional<LaneHead>> HeadOf(Connection& db, std::int64_t lane);

// When its head may be looked at, as it is now; nullopt when it has none.
Status SetLaneDue(Connection& db, std::int64_t lane, std::optional<std::int64_t> due_at);
Status BlockLane(Connection& db, std::int64_t lane, const HeldBack& held);
// Its head was begun: the next may be looked at.
Status OpenLane(Connection& db, std::int64_t lane);

// What is held back until tasks of the repository end is looked at again now.
Status WakeRepository(Connection& db, std::string_view repo);
// The circuit of the template closed.
Status WakeTemplate(Connection& db, std::string_view template_name);
// Whatever is held back is looked at again: limits may be others than they were.
Status WakeAll(Connection& db, absl::Time now);

}  // namespace regreen
