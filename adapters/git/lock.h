// One worker at a time on a mirror, in this process and in others.
#pragma once

#include <stop_token>
#include <string>

#include "daemon/base/file.h"
#include "daemon/base/status.h"

namespace regreen {

class MirrorLock {
 public:
  // Waits until the lock is ours; Cancelled. The system lets go of it when the process dies.
  static StatusOr<MirrorLock> Take(const std::string& folder, std::stop_token stop);

 private:
  explicit MirrorLock(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace regreen
