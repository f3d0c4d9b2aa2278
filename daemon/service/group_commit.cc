#include "daemon/service/group_commit.h"

#include <algorithm>
#include <optional>
#include <semaphore>
#include <vector>

namespace regreen {

// Lives on its caller's stack until it is answered. Each is woken by itself: one condition for all
// would wake every thread at every commit.
struct GroupCommit::Waiter {
  NewDelivery delivery;
  std::optional<StatusOr<AcceptOutcome>> answer;
  std::binary_semaphore answered{0};
};

GroupCommit::GroupCommit(DeliveryStore& store, std::size_t max_batch,
                         std::function<void(std::size_t)> on_commit)
    : store_(store),
      max_batch_(max_batch),
      on_commit_(std::move(on_commit)),
      thread_([this] { Loop(); }) {}

GroupCommit::~GroupCommit() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

StatusOr<AcceptOutcome> GroupCommit::Accept(NewDelivery delivery) {
  Waiter waiter;
  waiter.delivery = std::move(delivery);
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return Unavailable("the daemon is stopping");
    waiting_.push_back(&waiter);
  }
  arrived_.notify_one();
  waiter.answered.acquire();
  return *std::move(waiter.answer);
}

void GroupCommit::Loop() {
  for (;;) {
    std::deque<Waiter*> batch;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const std::size_t count = std::min(waiting_.size(), max_batch_);
      batch.assign(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    Write(batch);
  }
}

void GroupCommit::Write(std::deque<Waiter*>& batch) {
  std::vector<NewDelivery> deliveries;
  deliveries.reserve(batch.size());
  for (Waiter* waiter : batch) deliveries.push_back(std::move(waiter->delivery));
  const auto outcomes = store_.Accept(deliveries);
  if (outcomes.ok() && on_commit_) on_commit_(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i]->answer = outcomes.ok() ? StatusOr<AcceptOutcome>((*outcomes)[i]) : outcomes.status();
    batch[i]->answered.release();
  }
}

}  // namespace regreen
