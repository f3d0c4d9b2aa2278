// What goes out by one credential, within its forge's limits: shared by every repository and thread
// that uses it. Sources: docs.github.com, "Rate limits for the REST API", "Best practices for using
// the REST API"; docs.gitlab.com, "User and IP rate limits".
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/base/status.h"

namespace regreen {

// How fast a platform lets a credential go. 0: it says nothing of that.
struct Pace {
  int concurrent = 100;
  int points_per_minute = 0;
  int read_points = 1, write_points = 1;
  int writes_per_minute = 0, writes_per_hour = 0;
  absl::Duration between_writes = absl::ZeroDuration();  // their beginnings
};

// What one answer says of the limits.
struct LimitNews {
  bool limited = false;  // it was refused by a limit
  std::optional<absl::Duration> retry_after;
  std::optional<std::int64_t> remaining;
  std::optional<absl::Time> reset;  // when `remaining` begins anew
};

// Who would wait longer than this for its turn does not wait at all.
inline constexpr absl::Duration kLongestTurn = absl::Seconds(10);

// Any thread.
class Gate {
 public:
  // The clock outlives it. `label` names the credential to people: "token", "installation 7".
  Gate(const Clock& clock, const Pace& pace, std::string label);

  struct Ask {
    bool write = false;
    std::string resource = "core";  // each has a limit of its own, such as "graphql"
  };
  // One request on its way; its end makes room for another. Its gate outlives it.
  class Pass {
   public:
    Pass(Gate* gate, Ask ask, absl::Time begun)
        : gate_(gate), ask_(std::move(ask)), begun_(begun) {}
    Pass(Pass&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)),
          ask_(std::move(other.ask_)),
          begun_(other.begun_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->Leave();
    }
    const Ask& ask() const { return ask_; }
    absl::Time begun() const { return begun_; }

   private:
    Gate* gate_;
    Ask ask_;
    absl::Time begun_;
  };

  // Waits for a turn. ResourceExhausted, with the time when it is worth another try, where that is
  // more than kLongestTurn away: whoever is told so is put aside, and no worker waits. Those that
  // are told at once are told different times. Cancelled.
  StatusOr<Pass> Enter(Ask ask, std::stop_token stop);
  // What the answer to `pass` said. After a refusal nothing goes out until the forge said it may:
  // by retry-after, else by the reset of a limit that is used up, else after a minute, doubled each
  // time, with up to a quarter more.
  void Learn(const Pass& pass, const LimitNews& news);

  // How long nothing goes out from now on; zero when something may.
  absl::Duration ClosedFor(const std::string& resource) const;
  struct Standing {
    std::optional<std::int64_t> remaining;
    absl::Time closed_until = absl::InfinitePast();
  };
  Standing Look(const std::string& resource) const;
  const std::string& label() const { return label_; }

 private:
  struct Sent {
    absl::Time at;  // perhaps ahead: a turn that is waited for
    int points;
  };
  // A limit of so many points in any `length`.
  struct Window {
    absl::Duration length;
    int limit;
    std::deque<Sent> sent;  // by time
    absl::Time Earliest(absl::Time from, int points) const;
    void Add(absl::Time at, int points);
    void Forget(absl::Time now);
  };
  struct Resource {
    absl::Time closed_until = absl::InfinitePast();
    std::optional<std::int64_t> remaining;  // without those that are on their way
    absl::Time reset = absl::InfinitePast();
  };

  struct Turn {
    absl::Time at;
    bool full = false;  // too many are on their way: ask again soon
  };
  Turn NextTurn(const Ask& ask, absl::Time now) RG_REQUIRES(mutex_);
  void Take(const Ask& ask, absl::Time at) RG_REQUIRES(mutex_);
  Status PutAside(const Ask& ask, absl::Time at, absl::Time now) RG_REQUIRES(mutex_);
  absl::Time ClosedByRefusal(const std::string& resource) const RG_REQUIRES(mutex_);
  absl::Time ClosedUntil(const std::string& resource, absl::Time now) const RG_REQUIRES(mutex_);
  absl::Duration Strike() RG_REQUIRES(mutex_);
  void Leave();

  const Clock& clock_;
  const Pace pace_;
  const std::string label_;
  mutable Mutex mutex_;
  int inside_ RG_GUARDED_BY(mutex_) = 0;
  Window points_ RG_GUARDED_BY(mutex_), minute_ RG_GUARDED_BY(mutex_), hour_ RG_GUARDED_BY(mutex_);
  absl::Time last_write_ RG_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time closed_until_ RG_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::map<std::string, Resource> resources_ RG_GUARDED_BY(mutex_);
  int strikes_ RG_GUARDED_BY(mutex_) = 0;  // refusals in a row that named no time
  absl::Time last_strike_ RG_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time promised_ RG_GUARDED_BY(mutex_) = absl::InfinitePast();
};

// The gates of a process, by credential: two forges of the configuration that use one token share
// one. Any thread.
class Gates {
 public:
  // `key` is the credential, whatever it is called; the pace is that of whoever came first.
  std::shared_ptr<Gate> Of(const std::string& key, const Clock& clock, const Pace& pace,
                           const std::string& label);

 private:
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Gate>> gates_ RG_GUARDED_BY(mutex_);
};

}  // namespace regreen
