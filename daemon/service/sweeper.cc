#include "daemon/service/sweeper.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "daemon/base/log.h"

namespace regreen {
namespace {

// Among these the sweep before is looked for. Where it is not, look_back is all that is looked at.
constexpr int kRowsRead = 2000;

}  // namespace

StatusOr<int> HandInSweeps(const Sweeps& sweeps, Store& store, absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<DeliveryRow> rows, store.ListDeliveries(kRowsRead));
  std::vector<NewDelivery> due;
  for (const auto& [forge, options] : sweeps) {
    const auto last = std::find_if(rows.begin(), rows.end(), [&forge = forge](const auto& row) {
      return IsSweepOf(row, forge) && row.state == "done";
    });
    due.push_back(SweepOf(
        forge, options, last == rows.end() ? std::nullopt : std::optional(last->received_at), now));
  }
  ASSIGN_OR_RETURN(const std::vector<AcceptOutcome> taken, store.Accept(due));
  return static_cast<int>(std::count(taken.begin(), taken.end(), AcceptOutcome::kAccepted));
}

Sweeper::Sweeper(Sweeps sweeps, Store& store, const Clock& clock, std::function<void()> on_work)
    : sweeps_(std::move(sweeps)), store_(store), clock_(clock), on_work_(std::move(on_work)) {
  if (!sweeps_.empty()) thread_ = std::jthread([this](std::stop_token stop) { Loop(stop); });
}

void Sweeper::Loop(std::stop_token stop) {
  absl::Duration shortest = absl::Hours(24);
  for (const auto& [forge, options] : sweeps_) shortest = std::min(shortest, options.every);
  std::minstd_rand generator{std::random_device{}()};
  // A fraction of the shortest time, so that each slot is met, and not by all daemons at once.
  std::uniform_real_distribution<double> part(0.3, 0.6);
  while (!stop.stop_requested()) {
    const auto taken = HandInSweeps(sweeps_, store_, clock_.Now());
    if (!taken.ok()) {
      LogWarning("no sweep could be handed in", {{"why", Message(taken.status())}});
    } else if (*taken > 0) {
      on_work_();
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, absl::ToChronoMilliseconds(shortest * part(generator)),
                   [] { return false; });
  }
}

}  // namespace regreen
