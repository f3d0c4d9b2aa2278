// What the commands of one workspace may use, all of them together.
#pragma once

#include <cstdint>

namespace regreen {

// 0 in a WorkspaceSpec: as the configuration says. 0 in the configuration: no limit, but that of
// the machine. A command that goes beyond one is ended, and ExecResult::ended_by says which.
struct WorkspaceLimits {
  int cpu = 0;                                        // processors
  std::int64_t memory_bytes = std::int64_t{4} << 30;  // with the files of /tmp and /dev/shm
  std::int64_t processes = 2048;                      // and threads, at once
  std::int64_t disk_bytes = std::int64_t{16} << 30;   // written to the tree and the home folder
  std::int64_t files = 1'000'000;                     // made there, folders and links included
  std::int64_t file_bytes = std::int64_t{16} << 30;   // of one file, its holes included
};

// No limit of its own: all as configured.
inline constexpr WorkspaceLimits kAsConfigured = {0, 0, 0, 0, 0, 0};

}  // namespace regreen
