// Keeps a mirror's object store small in files: each fetch leaves a pack, each commit of ours loose
// objects. By libgit2 alone: no program is run in a mirror.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "daemon/base/status.h"

namespace regreen {

struct ConsolidateOptions {
  std::size_t most_packs = 20;               // small ones; more are made one
  std::size_t most_loose = 1000;             // loose objects; more go into it too
  std::uint64_t small_bytes = 32 << 20;      // a larger pack stays as it is
  absl::Duration kept_for = absl::Hours(1);  // what was replaced, for those who are reading it
};

// The caller holds the mirror's lock; readers need none. No object is ever without a place: what
// was replaced goes only after `kept_for`, at a later call, when every object of it was seen in a
// pack that stays.
Status ConsolidatePacks(const std::string& folder, const ConsolidateOptions& options,
                        absl::Time now);

}  // namespace regreen
