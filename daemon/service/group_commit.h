// Many deliveries, one sync: callers wait while one thread writes what has gathered. An answer is
// given only after the store's commit, so an acknowledged delivery is never lost.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

class GroupCommit {
 public:
  // `store` outlives it. `on_commit` is told how many deliveries each commit held; it may be empty.
  GroupCommit(DeliveryStore& store, std::size_t max_batch,
              std::function<void(std::size_t)> on_commit);
  ~GroupCommit();  // what was handed in is answered first

  // Blocks until the delivery is durable. Unavailable when the store could not be written. Any
  // thread.
  StatusOr<AcceptOutcome> Accept(NewDelivery delivery);

 private:
  struct Waiter;
  void Loop();
  void Write(std::deque<Waiter*>& batch);

  DeliveryStore& store_;
  const std::size_t max_batch_;
  const std::function<void(std::size_t)> on_commit_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiter*> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace regreen
