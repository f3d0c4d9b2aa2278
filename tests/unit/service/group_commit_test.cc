#include "daemon/service/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <set>

namespace regreen {
namespace {

// Counts what it is given; the first commit waits until the test lets it go, so that others gather.
struct CountingStore final : public DeliveryStore {
  StatusOr<std::vector<AcceptOutcome>> Accept(std::span<const NewDelivery> deliveries) override {
    if (commits++ == 0) first_may_end.wait();
    std::lock_guard lock(mutex);
    for (const NewDelivery& d : deliveries) keys.insert(d.delivery.key);
    if (!status.ok()) return status;
    return std::vector<AcceptOutcome>(deliveries.size(), AcceptOutcome::kAccepted);
  }
  StatusOr<std::optional<DeliveryLease>> ClaimDelivery(const std::string&,
                                                       absl::Duration) override {
    return std::optional<DeliveryLease>();
  }
  StatusOr<std::vector<std::string>> FinishDelivery(const DeliveryLease&,
                                                    const DeliveryOutcome&) override {
    return std::vector<std::string>();
  }
  Status RetryDelivery(const DeliveryLease&, absl::Duration, const std::string&, bool) override {
    return OkStatus();
  }
  Status FailDelivery(const DeliveryLease&, const std::string&) override { return OkStatus(); }

  std::mutex mutex;
  std::set<std::string> keys;
  std::atomic<int> commits{0};
  std::latch first_may_end{1};
  Status status;
};

NewDelivery Named(const std::string& key) {
  NewDelivery delivery;
  delivery.delivery.key = key;
  return delivery;
}

TEST(GroupCommit, WhatGathersDuringACommitGoesIntoOne) {
  CountingStore store;
  std::atomic<std::size_t> largest{0};
  GroupCommit commits(store, 100, [&](std::size_t n) { largest = std::max(largest.load(), n); });
  std::atomic<int> accepted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      const auto outcome = commits.Accept(Named(std::to_string(i)));
      if (outcome.ok() && *outcome == AcceptOutcome::kAccepted) ++accepted;
    });
  }
  store.first_may_end.count_down();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, 20);
  EXPECT_EQ(store.keys.size(), 20u);
  EXPECT_LE(store.commits, 20);
  EXPECT_GE(largest, 1u);
}

TEST(GroupCommit, AFailedCommitAcknowledgesNothing) {
  CountingStore store;
  store.first_may_end.count_down();
  store.status = Unavailable("the disk is full");
  GroupCommit commits(store, 10, {});
  EXPECT_EQ(commits.Accept(Named("a")).status().code(), StatusCode::kUnavailable);
}

TEST(GroupCommit, EndsOnlyWhenEveryoneWasAnswered) {
  CountingStore store;
  store.first_may_end.count_down();
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  {
    GroupCommit commits(store, 3, {});
    std::latch started(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        started.count_down();
        if (commits.Accept(Named(std::to_string(i))).ok()) ++answered;
      });
    }
    started.wait();
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(answered, 8);
}

}  // namespace
}  // namespace regreen
