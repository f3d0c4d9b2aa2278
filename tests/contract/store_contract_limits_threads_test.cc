// Limits hold exactly, however many workers and processes claim at once.
#include <atomic>
#include <map>
#include <thread>

#include "daemon/base/mutex.h"
#include "tests/contract/store_contract_limits.h"

namespace regreen {
namespace {

class LimitsUnderThreads : public LimitContract {
 protected:
  // Works tasks off, a state a claim, and watches how many are at work in each repository.
  void Work(const std::string& name, TaskState end) {
    const auto store = Open(options_);
    int idle = 0;
    while (ended_ < kTasks && idle < 10'000) {
      const auto lease = store->ClaimTask(name, absl::Hours(1));
      ASSERT_TRUE(lease.ok()) << Message(lease.status());
      if (!*lease) {
        ++idle;
        std::this_thread::yield();
        continue;
      }
      idle = 0;
      const Task& task = (*lease)->task;
      const bool begins = task.state == TaskState::kQueued;
      if (begins) Change(task.incident.run.key.repo, 1);
      const TaskState to = begins ? TaskState::kRepairing : end;
      // Before the commit: whatever it frees may be taken before this thread goes on.
      if (!begins) Change(task.incident.run.key.repo, -1);
      const Status done = store->Commit(**lease, {.to = to, .spent = {0.01, absl::Seconds(1)}});
      ASSERT_TRUE(done.ok()) << Message(done);
      if (!begins) ++ended_;
    }
  }
  void Change(const std::string& repo, int by) {
    MutexLock lock(mutex_);
    int& now = at_work_[repo];
    now += by;
    most_[repo] = std::max(most_[repo], now);
  }

  static constexpr int kTasks = 100;
  StoreOptions options_;
  std::atomic<int> ended_ = 0;
  Mutex mutex_;
  std::map<std::string, int> at_work_ RG_GUARDED_BY(mutex_), most_ RG_GUARDED_BY(mutex_);
};
INSTANTIATE_TEST_SUITE_P(Store, LimitsUnderThreads, ::testing::ValuesIn(kStores), KindName);

TEST_P(LimitsUnderThreads, NoMoreAreEverAtWorkThanAllowed) {
  options_.per_repo.tasks_per_repo = 3;
  for (int i = 0; i < kTasks; ++i) {
    MakeUnder({.tasks_per_repo = 2},
              {.repo = i % 4 == 0 ? "acme/b" : "acme/a", .name = i % 3 == 0 ? "u" : "t"});
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] { Work("w" + std::to_string(i), TaskState::kUnreproducible); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ended_, kTasks) << "each of them had its turn";
  MutexLock lock(mutex_);
  EXPECT_LE(most_["acme/a"], 3);
  EXPECT_LE(most_["acme/b"], 3);
}

// Every claim of the threads races for the places that are left; nothing ends.
TEST_P(LimitsUnderThreads, RacingClaimsTakeExactlyTheAllowedPlaces) {
  struct Case {
    const char* name;
    Limits limits;
    int begun;
  };
  const Case cases[] = {{"tasks", {.tasks_per_repo = 2}, 2},
                        {"open", {.open_per_repo = 3}, 3},
                        {"hour", {.per_hour = 5}, 5},
                        {"day", {.per_day = 7}, 7}};
  for (const Case& c : cases) {
    for (int i = 0; i < kTasks; ++i) MakeUnder(c.limits, {.repo = "acme/x", .name = c.name});
    std::atomic<int> begun = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto store = Open();
        for (int k = 0; k < 12; ++k) {
          const auto lease = store->ClaimTask("w", absl::Hours(100));
          ASSERT_TRUE(lease.ok()) << Message(lease.status());
          begun += lease->has_value() ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(begun, c.begun) << c.name;
  }
}

TEST_P(LimitsUnderThreads, WhatThreadsSpendAddsUp) {
  for (int i = 0; i < kTasks; ++i) MakeUnder({});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] { Work("w" + std::to_string(i), TaskState::kFailed); });
  }
  for (std::thread& thread : threads) thread.join();
  const auto record = store_->ReadTemplateRecord("t");
  ASSERT_TRUE(record.ok()) << Message(record.status());
  EXPECT_EQ(record->tasks, kTasks);
  EXPECT_EQ(record->failed, kTasks);
  EXPECT_DOUBLE_EQ(record->usd, 2 * 0.01 * kTasks);
  EXPECT_EQ(record->time, absl::Seconds(2 * kTasks));
  const std::string held = MakeUnder({.usd_per_day = 2});
  EXPECT_TRUE(NoTaskIsDue()) << Read(held).reason;
}

}  // namespace
}  // namespace regreen
