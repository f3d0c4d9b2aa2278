// The thread that hands in a sweep of each forge when one is due (pipeline/reconcile).
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "daemon/base/clock.h"
#include "daemon/pipeline/reconcile.h"
#include "daemon/ports/store.h"

namespace regreen {

using Sweeps = std::map<std::string, SweepOptions>;  // by the forge's name

// Hands in what is due now; what another process, or an earlier call, handed in already is not
// taken twice. Answers how many were new.
StatusOr<int> HandInSweeps(const Sweeps& sweeps, Store& store, absl::Time now);

class Sweeper {
 public:
  // All outlive it. `on_work` is told that there is a pending delivery. Begins at once; without
  // sweeps it starts no thread.
  Sweeper(Sweeps sweeps, Store& store, const Clock& clock, std::function<void()> on_work);

 private:
  void Loop(std::stop_token stop);

  const Sweeps sweeps_;
  Store& store_;
  const Clock& clock_;
  const std::function<void()> on_work_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it ends first
};

}  // namespace regreen
