// The one source of time, and the one way to let some of it pass, so that a test can hold both.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace regreen {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;  // any thread
  // Returns when the time has passed, or as soon as `stop` asks. Any thread.
  virtual void Wait(absl::Duration time, std::stop_token stop) const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
  void Wait(absl::Duration time, std::stop_token stop) const override;
};

// Stands still until told otherwise; who waits moves it on, and returns at once. Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000))
      : millis_(absl::ToUnixMillis(start)) {}
  absl::Time Now() const override { return absl::FromUnixMillis(millis_.load()); }
  void Wait(absl::Duration time, std::stop_token) const override {
    millis_ += absl::ToInt64Milliseconds(absl::Ceil(time, absl::Milliseconds(1)));
  }
  void Advance(absl::Duration by) { millis_ += absl::ToInt64Milliseconds(by); }

 private:
  mutable std::atomic<std::int64_t> millis_;
};

}  // namespace regreen
