// Finding what no webhook told: a sweep is a delivery of our own, so that it is durable, done by
// one worker of one process, and tried again like any other. What it finds becomes deliveries too.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/ports/store.h"

namespace regreen {

// No CI can be called that, so that nobody outside can send one.
inline constexpr std::string_view kSweepCi = "@sweep";
// GitHub sends nothing again that is older.
inline constexpr absl::Duration kOldestSwept = absl::Hours(24 * 3);

struct SweepOptions {
  std::vector<std::string> repos;  // owner/name
  bool all = false;                // besides, whatever the credential sees
  std::string ci;                  // the CI that reads what is found
  std::vector<std::string> paths;  // of our webhooks: "/hooks/github"
  absl::Duration every = absl::Minutes(10);
  absl::Duration look_back = absl::Hours(6);
};

// The sweep of a forge that is due at `now`: of all processes that hand it in, in the same slot of
// `every`, the first one's is taken. `last` is when the one before was handed in: after a downtime
// longer than look_back it is looked back as far, up to kOldestSwept.
NewDelivery SweepOf(const std::string& forge, const SweepOptions& options,
                    std::optional<absl::Time> last, absl::Time now);
// Whether a delivery's row is a sweep of that forge.
bool IsSweepOf(const DeliveryRow& row, const std::string& forge);

}  // namespace regreen
