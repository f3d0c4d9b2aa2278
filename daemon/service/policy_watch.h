// The thread that reads policies again: when their folder changed and is quiet again, when it is
// time to ask their remote, and when someone says so.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include "absl/time/time.h"
#include "daemon/base/file.h"
#include "daemon/service/folder_watch.h"

namespace regreen {

struct PolicyWatchOptions {
  // An edit is seldom one event: an editor writes and renames, a checkout touches many files.
  absl::Duration quiet = absl::Milliseconds(300);
  absl::Duration longest = absl::Seconds(3);        // from the first event, however noisy
  absl::Duration every = absl::InfiniteDuration();  // also by time, the first time at once
};

class PolicyWatch {
 public:
  // `watch` may be null: nothing is looked at then. `refresh` runs on the watch's thread, never
  // twice at once; its token asks it to end.
  PolicyWatch(PolicyWatchOptions options, std::unique_ptr<FolderWatch> watch,
              std::function<void(std::stop_token)> refresh);
  ~PolicyWatch();  // ends the thread, at once when `refresh` does

  // Read again now. Any thread.
  void Trigger();

 private:
  void Loop(std::stop_token stop);
  void Arm();

  const PolicyWatchOptions options_;
  const std::unique_ptr<FolderWatch> watch_;
  const std::function<void(std::stop_token)> refresh_;
  UniqueFd wake_;
  bool complained_ = false;  // of what cannot be watched
  std::jthread thread_;      // last: it ends first
};

}  // namespace regreen
