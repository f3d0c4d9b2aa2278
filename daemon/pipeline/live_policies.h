// The policies in force, which change while the daemon runs. A set with a mistake is refused as a
// whole: the last good one stays, and the mistakes are kept for whoever asks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/mutex.h"
#include "daemon/pipeline/policies.h"

namespace regreen {

enum class ReloadOutcome { kChanged, kUnchanged, kRefused, kUnread };
inline constexpr std::size_t kReloadOutcomes = 4;
std::string_view ToString(ReloadOutcome outcome);

struct PolicyStatus {
  std::string digest, origin;  // of the set in force
  absl::Time loaded_at;        // since when it is
  bool valid = true;           // what was read last is what is in force
  // Of what was refused, when not valid.
  std::string refused_origin;
  absl::Time refused_at;
  std::vector<Problem> problems;  // the first of them
  std::size_t problems_in_all = 0;
  std::string unread_why;  // what is there now could not be asked for; else ""
  std::array<std::uint64_t, kReloadOutcomes> reloads = {};  // by outcome, the first load left out
};

// Any thread. Whoever works takes Current() once for a piece of work and keeps it to its end: what
// is under way is not torn between two sets.
class LivePolicies {
 public:
  // `first` is complete.
  LivePolicies(std::shared_ptr<const Policies> first, absl::Time now);

  std::shared_ptr<const Policies> Current() const;
  // The set in force and what is known of it, of one moment.
  std::pair<std::shared_ptr<const Policies>, PolicyStatus> CurrentWithStatus() const;
  // Puts what was read in force, or refuses it when `problems` has errors or something is missing.
  // A set like the one in force is kUnchanged, though its origin may be another. Logs each outcome
  // but one that repeats the last.
  ReloadOutcome Replace(Policies read, const Problems& problems, absl::Time now);
  // Whether there is something newer could not be learned: the remote is away. What is in force
  // stays, and stays valid.
  void NoteUnread(const Status& why);
  void NoteRead();  // it could be learned
  PolicyStatus status() const;

 private:
  ReloadOutcome Refuse(const Policies& read, const Problems& problems, absl::Time now)
      RG_EXCLUDES(mutex_);
  ReloadOutcome Accept(Policies read, absl::Time now) RG_EXCLUDES(mutex_);

  mutable Mutex mutex_;
  std::shared_ptr<const Policies> current_ RG_GUARDED_BY(mutex_);
  PolicyStatus status_ RG_GUARDED_BY(mutex_);
  std::string last_refusal_ RG_GUARDED_BY(mutex_);  // what was said of it; "" after a good set
};

}  // namespace regreen
