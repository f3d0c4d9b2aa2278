// What a running sandbox uses, read from outside without its help: its processes by the /proc that
// is mounted inside (it shows no others), its memory files by statfs, its folders by a walk. All
// that is read there is untrusted. Sources: proc(5), the kernel's
// Documentation/filesystems/proc.rst.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "daemon/base/file.h"
#include "daemon/base/status.h"

namespace regreen {

struct ProcessUse {
  std::int64_t tasks = 0;         // processes and threads
  std::int64_t memory_bytes = 0;  // pages that are shared may count more than once
  absl::Duration cpu;             // of those alive, and of their ended children
};

struct FolderUse {
  std::int64_t bytes = 0;  // on the disk: a hole takes nothing
  std::int64_t files = 0;  // folders and links too
  bool too_deep = false;   // the walk ended at kDeepestFolder; the numbers are of what came before
};
inline constexpr int kDeepestFolder = 128;

// One that runs. Holds descriptors into it, so it must end before what is mounted there is used
// again. One thread.
class SandboxView {
 public:
  // `first_process` is its process 1. NotFound while it is not yet what it will be, or has ended;
  // PermissionDenied.
  static StatusOr<SandboxView> Open(pid_t first_process);

  // Ends when there are more than `most` tasks: what multiplies is never counted to
  // its end.
  ProcessUse Processes(std::int64_t most) const;
  // The same memory to the page, each shared one once; costs time in proportion to it.
  std::int64_t ExactMemory() const;
  // Of /tmp and /dev/shm, with what the kernel needs for each file.
  std::int64_t MemoryFiles() const;
  // Held open though nobody sees them: files of memory without a name, and removed ones on disk.
  struct Hidden {
    std::int64_t memory_bytes = 0, disk_bytes = 0;
  };
  Hidden HiddenFiles() const;
  // Ends all that runs in it.
  void Kill() const;

 private:
  SandboxView() = default;
  UniqueFd process_, proc_, tmp_, shm_;
};

// Of all below a folder that hostile code writes to at the same time. Never follows a link. Ends
// early when `stop` asks.
FolderUse MeasureFolder(const std::string& path, const std::stop_token& stop);

}  // namespace regreen
