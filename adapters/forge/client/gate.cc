#include "adapters/forge/client/gate.h"

#include <algorithm>
#include <random>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kFirstStrike = absl::Seconds(60), kLongestStrike = absl::Hours(1);
constexpr absl::Duration kShortestClosing = absl::Seconds(1), kLongestClosing = absl::Hours(2);
constexpr absl::Duration kLookAgain = absl::Milliseconds(100);
// Two requests take different times to arrive, so that a forge may see a little less between them.
constexpr absl::Duration kOnTheWay = absl::Seconds(1);
// Those that are put aside come back one after the other, but not later than this for that.
constexpr absl::Duration kWidestSpread = absl::Minutes(10);

double Jitter() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace

// When so many points are free, in every window that could hold that time.
absl::Time Gate::Window::Earliest(absl::Time from, int points) const {
  if (limit == 0) return from;
  int used = points;
  for (auto one = sent.rbegin(); one != sent.rend() && one->at > from - length; ++one) {
    used += one->points;
    if (used > limit) return one->at + length;
  }
  return from;
}

void Gate::Window::Add(absl::Time at, int points) {
  if (limit == 0) return;
  const auto later = std::upper_bound(sent.begin(), sent.end(), at,
                                      [](absl::Time t, const Sent& one) { return t < one.at; });
  sent.insert(later, {at, points});
}

// What is long over; and what is later than any turn, since the clock was set back.
void Gate::Window::Forget(absl::Time now) {
  while (!sent.empty() && sent.front().at <= now - length) sent.pop_front();
  while (!sent.empty() && sent.back().at > now + kLongestTurn) sent.pop_back();
}

Gate::Gate(const Clock& clock, const Pace& pace, std::string label)
    : clock_(clock),
      pace_(pace),
      label_(std::move(label)),
      points_{absl::Minutes(1) + kOnTheWay, pace.points_per_minute, {}},
      minute_{absl::Minutes(1) + kOnTheWay, pace.writes_per_minute, {}},
      hour_{absl::Hours(1) + kOnTheWay, pace.writes_per_hour, {}} {}

absl::Time Gate::ClosedByRefusal(const std::string& resource) const {
  const auto found = resources_.find(resource);
  if (found == resources_.end()) return closed_until_;
  return std::max(closed_until_, found->second.closed_until);
}

absl::Time Gate::ClosedUntil(const std::string& resource, absl::Time now) const {
  const absl::Time until = ClosedByRefusal(resource);
  const auto found = resources_.find(resource);
  if (found == resources_.end()) return until;
  const Resource& state = found->second;
  const bool used_up = state.remaining && *state.remaining <= 0 && state.reset > now;
  return used_up ? std::max(until, state.reset) : until;
}

Gate::Turn Gate::NextTurn(const Ask& ask, absl::Time now) {
  for (Window* window : {&points_, &minute_, &hour_}) window->Forget(now);
  absl::Time at = std::max(now, ClosedUntil(ask.resource, now));
  at = points_.Earliest(at, ask.write ? pace_.write_points : pace_.read_points);
  if (ask.write) {
    if (last_write_ > now + kLongestTurn) last_write_ = now;  // the clock was set back
    at = std::max(at, last_write_ + pace_.between_writes);
    at = hour_.Earliest(minute_.Earliest(at, 1), 1);
  }
  return {at, pace_.concurrent > 0 && inside_ >= pace_.concurrent};
}

void Gate::Take(const Ask& ask, absl::Time at) {
  ++inside_;
  points_.Add(at, ask.write ? pace_.write_points : pace_.read_points);
  if (ask.write) {
    last_write_ = at;
    minute_.Add(at, 1);
    hour_.Add(at, 1);
  }
  Resource& resource = resources_[ask.resource];
  if (resource.reset <= at) resource.remaining.reset();
  if (resource.remaining) --*resource.remaining;
}

Status Gate::PutAside(const Ask& ask, absl::Time at, absl::Time now) {
  const absl::Duration step =
      std::max(ask.write ? pace_.between_writes : absl::ZeroDuration(), kLookAgain);
  promised_ = std::max(promised_ + step, at);
  if (promised_ > at + kWidestSpread) promised_ = at;
  const absl::Duration wait = std::min(promised_ - now, kLongestClosing);
  return ResourceExhausted(
      Cat("the limits of this credential allow it in ",
          absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))), " seconds"),
      wait);
}

StatusOr<Gate::Pass> Gate::Enter(Ask ask, std::stop_token stop) {
  absl::Time latest = absl::InfiniteFuture();
  for (;;) {
    if (stop.stop_requested()) return Cancelled("the daemon is stopping");
    Turn turn;
    absl::Time now;
    {
      MutexLock lock(mutex_);
      now = clock_.Now();
      latest = std::min(latest, now + kLongestTurn);
      turn = NextTurn(ask, now);
      const bool late = turn.at > latest || (turn.full && now + kLookAgain > latest);
      if (late) return PutAside(ask, turn.full ? std::max(turn.at, now + kOnTheWay) : turn.at, now);
      if (!turn.full) Take(ask, turn.at);
    }
    const absl::Duration wait = turn.full ? kLookAgain : turn.at - now;
    if (wait > absl::ZeroDuration()) clock_.Wait(wait, stop);
    if (turn.full) continue;
    Pass pass(this, ask, clock_.Now());
    if (stop.stop_requested()) return Cancelled("the daemon is stopping");
    // While the turn was waited for, another's answer may have closed the gate.
    MutexLock lock(mutex_);
    if (ClosedByRefusal(ask.resource) <= pass.begun()) return pass;
  }
}

void Gate::Leave() {
  MutexLock lock(mutex_);
  --inside_;
}

// Refusals of requests that were on their way together count once.
absl::Duration Gate::Strike() {
  ++strikes_;
  last_strike_ = clock_.Now();
  const absl::Duration wait =
      std::min(kFirstStrike * (1 << std::clamp(strikes_ - 1, 0, 16)), kLongestStrike);
  return wait + wait * (0.25 * Jitter());
}

void Gate::Learn(const Pass& pass, const LimitNews& news) {
  MutexLock lock(mutex_);
  const absl::Time now = clock_.Now();
  Resource& resource = resources_[pass.ask().resource];
  if (news.remaining && news.reset && *news.reset >= resource.reset) {
    // Answers overtake each other; those on their way may be counted in it, or not yet.
    std::int64_t left = *news.remaining - (inside_ - 1);
    if (*news.reset == resource.reset && resource.remaining)
      left = std::min(left, *resource.remaining + 1);
    resource.remaining = left;
    resource.reset = *news.reset;
  }
  if (!news.limited) {
    if (pass.begun() > last_strike_) strikes_ = 0;
    return;
  }
  const auto close = [&](absl::Time& until, absl::Duration wait) {
    until = std::max(until, now + std::clamp(wait, kShortestClosing, kLongestClosing));
  };
  if (news.retry_after) {
    close(closed_until_, *news.retry_after);
  } else if (news.remaining == 0 && news.reset) {
    close(resource.closed_until, *news.reset - now);
  } else if (pass.begun() >= last_strike_) {
    close(closed_until_, Strike());
  }
}

absl::Duration Gate::ClosedFor(const std::string& resource) const {
  MutexLock lock(mutex_);
  const absl::Time now = clock_.Now();
  return std::max(ClosedUntil(resource, now) - now, absl::ZeroDuration());
}

Gate::Standing Gate::Look(const std::string& resource) const {
  MutexLock lock(mutex_);
  Standing standing;
  const absl::Time now = clock_.Now();
  standing.closed_until = ClosedUntil(resource, now);
  const auto found = resources_.find(resource);
  if (found == resources_.end()) return standing;
  if (found->second.remaining && found->second.reset > now)
    standing.remaining = std::max<std::int64_t>(0, *found->second.remaining);
  return standing;
}

std::shared_ptr<Gate> Gates::Of(const std::string& key, const Clock& clock, const Pace& pace,
                                const std::string& label) {
  MutexLock lock(mutex_);
  std::shared_ptr<Gate>& gate = gates_[key];
  if (gate == nullptr) gate = std::make_shared<Gate>(clock, pace, label);
  return gate;
}

}  // namespace regreen
