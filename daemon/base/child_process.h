// The child's side of subprocess.cc: what happens between fork and exec. Private to it.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/overlay.h"

namespace regreen {

// What a child that could not be started writes to ChildPlan::report.
struct StartFailure {
  enum class Stage : int { kParent, kOverlay, kFolder, kLimits, kDescriptors, kExec };
  Stage stage;
  int error;
};

// All that the child needs, laid out before the fork: between fork and exec only async-signal-safe
// calls are allowed, since another thread may hold any lock, malloc's included.
struct ChildPlan {
  std::vector<char*> argv, env;
  std::string program;
  const char* cwd = nullptr;
  std::vector<std::pair<int, int>> descriptors;  // (ours, the child's); ours are above all targets
  std::vector<std::pair<int, rlimit>> limits;
  int report = -1;  // close-on-exec; above all targets
  pid_t parent = 0;
  std::optional<PreparedOverlay> overlay;
  bool terminal = false;  // descriptor 0 is one, and becomes the controlling one
  int niceness = 0;
  char autogroup[4] = "";  // the same in digits
};

// Becomes the program; called in the child, with every signal blocked.
[[noreturn]] void RunChild(const ChildPlan& plan);

}  // namespace regreen
