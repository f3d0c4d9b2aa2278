#include "adapters/workspace/sandbox_use.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxProcBytes = 16 << 10;
// What a tmpfs needs for a file beside its pages, about: an inode and a name.
constexpr std::int64_t kMemoryFileBytes = 1 << 10;
constexpr int kMostOpenFiles = 4096;  // looked at, of one process

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder OpenBelow(int parent, const char* name) {
  UniqueFd fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return nullptr;
  Folder folder(fdopendir(fd.get()));
  if (folder) fd.Release();
  return folder;
}

bool IsSelfOrParent(const char* name) {
  return std::string_view(name) == "." || std::string_view(name) == "..";
}

// "" when the process has ended, or hides it.
std::string ReadBelow(int process, const char* name) {
  const UniqueFd file(openat(process, name, O_RDONLY | O_CLOEXEC));
  if (!file) return "";
  auto text = ReadAll(file.get(), kMaxProcBytes);
  return text.ok() ? *std::move(text) : "";
}

// "Name:   12 kB" of a file with a line for each; 0 when it is not there.
std::int64_t Number(std::string_view text, std::string_view name) {
  std::size_t at = text.starts_with(name) ? 0 : text.find(Cat("\n", name));
  if (at == std::string_view::npos) return 0;
  at = text.find_first_of("0123456789", at + name.size());
  if (at == std::string_view::npos) return 0;
  const std::string_view rest = text.substr(at);
  std::int64_t value = 0;
  ParseInt64(rest.substr(0, rest.find_first_not_of("0123456789")), &value);
  return value;
}

// utime, stime, cutime and cstime: the 14th to 17th field of proc_pid_stat(5). The second is a
// name, in brackets, that may hold anything.
std::int64_t ProcessorTicks(std::string_view stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return 0;
  const std::vector<std::string_view> fields = Split(Trim(stat.substr(name_end + 1)), ' ');
  std::int64_t ticks = 0;
  for (std::size_t i = 11; i < 15 && i < fields.size(); ++i) {
    std::int64_t value = 0;
    if (ParseInt64(fields[i], &value)) ticks += value;
  }
  return ticks;
}

// Until `visit` answers false.
template <class Visit>
void EachProcess(int proc, const Visit& visit) {
  const Folder folder = OpenBelow(proc, ".");
  if (!folder) return;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const UniqueFd process(openat(proc, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (process && !visit(process.get())) return;
  }
}

std::int64_t UsedBy(int tmpfs) {
  struct statfs now;
  if (tmpfs < 0 || fstatfs(tmpfs, &now) != 0) return 0;
  return static_cast<std::int64_t>(now.f_blocks - now.f_bfree) * now.f_bsize +
         static_cast<std::int64_t>(now.f_files - now.f_ffree) * kMemoryFileBytes;
}

using FileId = std::pair<dev_t, ino_t>;

// A stack of open folders, never deeper than kDeepestFolder.
class Walk {
 public:
  explicit Walk(const std::stop_token& stop) : stop_(stop) {}

  FolderUse Run(const std::string& path) {
    if (Folder top = OpenBelow(AT_FDCWD, path.c_str())) open_.push_back(std::move(top));
    while (!open_.empty() && !stop_.stop_requested()) Step();
    return use_;
  }

 private:
  void Step() {
    const dirent* entry = readdir(open_.back().get());
    if (entry == nullptr) {
      open_.pop_back();
      return;
    }
    if (IsSelfOrParent(entry->d_name)) return;
    const int folder = dirfd(open_.back().get());
    struct stat file;
    if (fstatat(folder, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISREG(file.st_mode) && file.st_nlink > 1 &&
        !linked_.insert({file.st_dev, file.st_ino}).second)
      return;
    ++use_.files;
    use_.bytes += static_cast<std::int64_t>(file.st_blocks) * 512;
    if (S_ISDIR(file.st_mode)) Enter(folder, entry->d_name);
  }
  void Enter(int parent, const char* name) {
    if (open_.size() >= kDeepestFolder) {
      use_.too_deep = true;
      open_.clear();
      return;
    }
    if (Folder below = OpenBelow(parent, name)) open_.push_back(std::move(below));
  }

  const std::stop_token stop_;
  std::vector<Folder> open_;
  std::set<FileId> linked_;  // those with several names
  FolderUse use_;
};

}  // namespace

StatusOr<SandboxView> SandboxView::Open(pid_t first_process) {
  SandboxView view;
  view.process_.Reset(static_cast<int>(syscall(SYS_pidfd_open, first_process, 0)));
  if (!view.process_) return ErrnoStatus(errno, "cannot watch a sandbox");
  const std::string name = Cat("/proc/", first_process, "/root");
  const UniqueFd root(open(name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return ErrnoStatus(errno, Cat("cannot look into a sandbox by ", name));
  view.proc_.Reset(openat(root.get(), "proc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat ours, theirs;
  // Before the sandbox's own is mounted, this is the machine's.
  if (!view.proc_ || stat("/proc", &ours) != 0 || fstat(view.proc_.get(), &theirs) != 0 ||
      ours.st_dev == theirs.st_dev || faccessat(view.proc_.get(), "1/stat", F_OK, 0) != 0)
    return NotFound("a sandbox is not ready");
  view.tmp_.Reset(openat(root.get(), "tmp", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  view.shm_.Reset(openat(root.get(), "dev/shm", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return view;
}

ProcessUse SandboxView::Processes(std::int64_t most) const {
  ProcessUse use;
  std::int64_t ticks = 0, kilobytes = 0, shared = 0;
  EachProcess(proc_.get(), [&](int process) {
    const std::string status = ReadBelow(process, "status");
    use.tasks += Number(status, "Threads:");
    kilobytes += Number(status, "RssAnon:") + Number(status, "VmSwap:") + Number(status, "VmPTE:");
    shared += Number(status, "RssShmem:");
    ticks += ProcessorTicks(ReadBelow(process, "stat"));
    return use.tasks <= most;
  });
  // What is mapped of /tmp is counted there already; which part it is, nobody says.
  use.memory_bytes = kilobytes * 1024 + std::max(shared * 1024, MemoryFiles());
  use.cpu = absl::Seconds(static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK)));
  return use;
}

std::int64_t SandboxView::ExactMemory() const {
  std::int64_t kilobytes = 0, shared = 0;
  EachProcess(proc_.get(), [&](int process) {
    const std::string rollup = ReadBelow(process, "smaps_rollup");
    if (rollup.empty()) {
      // A process may forbid this look, not that one.
      kilobytes += Number(ReadBelow(process, "status"), "RssAnon:");
      return true;
    }
    kilobytes += Number(rollup, "Pss_Anon:") + Number(rollup, "SwapPss:");
    shared += Number(rollup, "Pss_Shmem:");
    return true;
  });
  return kilobytes * 1024 + std::max(shared * 1024, MemoryFiles());
}

std::int64_t SandboxView::MemoryFiles() const {
  return UsedBy(tmp_.get()) + UsedBy(shm_.get());
}

SandboxView::Hidden SandboxView::HiddenFiles() const {
  Hidden hidden;
  struct stat tmp = {}, shm = {};
  fstat(tmp_.get(), &tmp);
  fstat(shm_.get(), &shm);
  std::set<FileId> seen;
  EachProcess(proc_.get(), [&](int process) {
    const Folder files = OpenBelow(process, "fd");
    for (int looks = 0; files && looks < kMostOpenFiles; ++looks) {
      const dirent* entry = readdir(files.get());
      if (entry == nullptr) break;
      struct stat file;
      const int folder = dirfd(files.get());
      if (fstatat(folder, entry->d_name, &file, 0) != 0 || !S_ISREG(file.st_mode)) continue;
      const bool counted = file.st_dev == tmp.st_dev || file.st_dev == shm.st_dev;
      if (file.st_nlink != 0 || counted || !seen.insert({file.st_dev, file.st_ino}).second)
        continue;
      char target[16] = {};
      const bool memory = readlinkat(folder, entry->d_name, target, sizeof target) > 0 &&
                          std::string_view(target, sizeof target).starts_with("/memfd:");
      (memory ? hidden.memory_bytes : hidden.disk_bytes) +=
          static_cast<std::int64_t>(file.st_blocks) * 512;
    }
    return true;
  });
  return hidden;
}

void SandboxView::Kill() const {
  syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
}

FolderUse MeasureFolder(const std::string& path, const std::stop_token& stop) {
  return Walk(stop).Run(path);
}

}  // namespace regreen
