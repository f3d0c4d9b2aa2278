// The child's side of subprocess.cc: what happens between fork and exec. Private to it.
#pragma once

#include <sched.h>
#include <sys/resource.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/overlay.h"

namespace regreen {

// What a child that could not be started writes to ChildPlan::report.
struct StartFailure {
  enum class Stage : int { kParent, kCgroup, kOverlay, kFolder, kLimits, kDescriptors, kExec };
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
  int cgroup = -1;         // the folder of a cgroup v2; close-on-exec
  std::optional<cpu_set_t> processors;
};

// So many of the processors that this process may use, chosen by chance. As well as it can be
// had: the child may choose again.
std::optional<cpu_set_t> SomeProcessors(int count);

// Starts the child, in its cgroup from its first moment on where the kernel can (Linux 5.7). Every
// signal is blocked. Answers as fork does; does not return in the child.
pid_t ForkChild(const ChildPlan& plan);

// Becomes the program; called in the child, with every signal blocked.
[[noreturn]] void RunChild(const ChildPlan& plan);

}  // namespace regreen
