// The threads that do the work: claim, run one step, commit. A lease is renewed while its step
// runs; a worker that lost it stops at once and commits nothing.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/runner.h"
#include "daemon/ports/store.h"
#include "daemon/service/metrics.h"

namespace regreen {

struct WorkersOptions {
  int count = 2;
  absl::Duration lease = absl::Seconds(60);
  // How often it is asked whether each task at work is still ours: a person's cancel reaches its
  // command within this time.
  absl::Duration look = absl::Seconds(1);
  // The longest time between looks at the store when nothing calls Wake(): retries become due by
  // time.
  absl::Duration idle_poll = absl::Seconds(1);
  std::string name;  // of this process, unique among those that share the store
};

class Workers {
 public:
  // All outlive it. Starts no thread.
  Workers(WorkersOptions options, Store& store, const Collector& collector,
          const TaskRunner& runner, Metrics& metrics);
  ~Workers();  // stops

  void Start();
  // Ends the steps that run (their tasks stay as they were, and are free at once) and the threads.
  void Stop();
  // There may be work. Any thread.
  void Wake();
  // A person moved a task: there may be work, or work to be stopped. Any thread.
  void LookAgain();
  // One step of whatever is due, on this thread; false when there was none. For tests, without
  // Start().
  bool RunOne();

 private:
  class Heartbeat;
  class StoreLog;
  void Loop(int index);
  void RenewLoop();
  bool RunOneAs(const std::string& worker);
  bool WorkDelivery(const std::string& worker);
  bool WorkTask(const std::string& worker);
  // False when nothing was written.
  bool FinishTask(const TaskLease& lease, const StatusOr<TaskUpdate>& result, const StoreLog& log);

  const WorkersOptions options_;
  Store& store_;
  const Collector& collector_;
  const TaskRunner& runner_;
  Metrics& metrics_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t wakes_ = 0;
  std::stop_source stop_;
  std::vector<std::thread> threads_;

  std::mutex leases_mutex_;
  std::condition_variable renew_;
  std::map<std::string, Heartbeat*> leases_;  // by task id
  bool look_again_ = false;
};

}  // namespace regreen
