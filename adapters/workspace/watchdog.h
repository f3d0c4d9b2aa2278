// Ends a sandbox that uses more than it may. Where a cgroup holds memory and processes, this looks
// at what no cgroup counts; where there is none, at everything.
//
// Why not the kernel's own limits alone: RLIMIT_AS and RLIMIT_DATA count what is reserved, and a
// sanitizer's shadow memory or a runtime's heap reserves far more than it uses; RLIMIT_NPROC does
// not bind the processes of a daemon that is root, whatever they are called inside (for others it
// is set, and counts the sandbox alone: user namespaces count for themselves since Linux 5.14); no
// limit but a quota, which few machines have, counts a folder.
// What a look cannot see is memory that only kernel queues hold, such as descriptors on their way;
// then the kernel ends the sandbox before anything else of this machine (oom_score_adj).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "adapters/workspace/sandbox_use.h"
#include "daemon/ports/workspace_limits.h"

namespace regreen {

struct Watched {
  WorkspaceLimits limits;                              // 0: not looked at
  absl::Duration cpu_time = absl::InfiniteDuration();  // of all processes together
  std::vector<std::string> folders;                    // those that it writes to on the disk
  FolderUse before;                                    // what was there and is not its own
  std::function<pid_t()> first_process;                // 0 while there is none
};

class Watchdog {
 public:
  // Looks from a thread of its own, often at first and while a limit is near.
  explicit Watchdog(Watched watched);
  ~Watchdog();
  // Ends the looking. Which limit ended the sandbox, as ExecResult::ended_by; "" for none.
  std::string Stop();

 private:
  class Guard;
  std::unique_ptr<Guard> guard_;
};

// "4 GiB", "1.5 MiB", "512 bytes".
std::string SizeInWords(std::int64_t bytes);
// What ExecResult::ended_by says of memory; a cgroup's end says the same.
std::string OverMemory(std::int64_t bytes);

}  // namespace regreen
