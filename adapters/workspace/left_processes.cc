#include "adapters/workspace/left_processes.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostMountBytes = 1 << 20;
constexpr int kMostRounds = 20;  // what multiplies meanwhile is met again

std::string LinkOf(const fs::path& link) {
  char target[PATH_MAX];
  const ssize_t size = readlink(link.c_str(), target, sizeof target);
  return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

// A mount names its source by the path within its file system, so only the end of the path is
// known. Source: proc_pid_mountinfo(5).
bool IsUpon(const fs::path& process, const std::string& folder, const std::string& our_mounts) {
  const std::string inside = Cat(folder, "/");
  if (Cat(LinkOf(process / "cwd"), "/").starts_with(inside)) return true;
  const std::string mounts = LinkOf(process / "ns/mnt");
  if (mounts.empty() || mounts == our_mounts) return false;
  const std::string name = Cat("/", fs::path(folder).filename().string(), "/");
  const auto info = ReadFile(process / "mountinfo", kMostMountBytes);
  return info.ok() && info->find(name) != std::string::npos;
}

}  // namespace

int EndProcessesUpon(const std::string& folder) {
  const std::string our_mounts = LinkOf("/proc/self/ns/mnt");
  std::set<pid_t> ended;
  for (int round = 0; round < kMostRounds; ++round) {
    bool found = false;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
      std::int64_t pid = 0;
      if (!ParseInt64(entry.path().filename().string(), &pid) || pid == getpid()) continue;
      if (!IsUpon(entry.path(), folder, our_mounts)) continue;
      if (kill(static_cast<pid_t>(pid), SIGKILL) != 0) continue;
      found = true;
      ended.insert(static_cast<pid_t>(pid));
    }
    if (!found) break;
  }
  return static_cast<int>(ended.size());
}

}  // namespace regreen
