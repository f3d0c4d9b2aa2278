#include "daemon/domain/transition.h"

#include <algorithm>
#include <cmath>

namespace regreen {

std::span<const TaskState> ClaimableStates() {
  static constexpr TaskState kStates[] = {TaskState::kQueued, TaskState::kRepairing,
                                          TaskState::kRerunning, TaskState::kPublishing,
                                          TaskState::kWatching};
  return kStates;
}

absl::Duration RetryBackoff(int attempt, double jitter) {
  const int doublings = std::clamp(attempt - 2, 0, 16);
  const absl::Duration base = std::min(absl::Seconds(5) * (1 << doublings), absl::Minutes(30));
  return base + base * (0.2 * std::clamp(jitter, 0.0, 1.0));
}

}  // namespace regreen
