#include "daemon/service/policy_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A day is as good as never, and fits every clock.
milliseconds Wait(absl::Duration duration) {
  return absl::ToChronoMilliseconds(std::min(duration, absl::Hours(24)));
}

int PollTimeout(Steady::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - Steady::now()).count();
  return static_cast<int>(
      std::clamp<std::int64_t>(left, 0, Wait(absl::InfiniteDuration()).count()));
}

void Ring(int fd) {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full: then it rings already.
  [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof one);
}

}  // namespace

PolicyWatch::PolicyWatch(PolicyWatchOptions options, std::unique_ptr<FolderWatch> watch,
                         std::function<void(std::stop_token)> refresh)
    : options_(options),
      watch_(std::move(watch)),
      refresh_(std::move(refresh)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  Arm();
  thread_ = std::jthread([this](std::stop_token stop) { Loop(std::move(stop)); });
}

PolicyWatch::~PolicyWatch() {
  thread_.request_stop();
  Ring(wake_.get());
}

void PolicyWatch::Trigger() {
  Ring(wake_.get());
}

void PolicyWatch::Arm() {
  if (watch_ == nullptr) return;
  const Status armed = watch_->Arm();
  if (!armed.ok() && !std::exchange(complained_, true)) {
    LogWarning("not every change of the policies will be seen; SIGHUP reads them again",
               {{"why", Message(armed)}});
  }
}

void PolicyWatch::Loop(std::stop_token stop) {
  pollfd fds[] = {{wake_.get(), POLLIN, 0}, {watch_ ? watch_->fd() : -1, POLLIN, 0}};
  const bool by_time = options_.every < absl::InfiniteDuration();
  Steady::time_point due = Steady::now() + Wait(by_time ? absl::ZeroDuration() : options_.every);
  std::optional<Steady::time_point> noisy_since;
  while (true) {
    poll(fds, std::size(fds), PollTimeout(due));
    if (stop.stop_requested()) return;
    std::uint64_t rings = 0;
    if (read(wake_.get(), &rings, sizeof rings) > 0) due = Steady::now();
    if (watch_ != nullptr && watch_->Drain()) {
      const auto now = Steady::now();
      noisy_since = noisy_since.value_or(now);
      due = std::min(
          {due > now ? now + Wait(options_.quiet) : due, *noisy_since + Wait(options_.longest)});
    }
    if (Steady::now() < due) continue;
    noisy_since.reset();
    Arm();
    refresh_(stop);
    due = Steady::now() + Wait(options_.every);
  }
}

}  // namespace regreen
