#include "adapters/workspace/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "workspace-", kLeaf = "regreen-daemon";
constexpr const char* kOurControllers[] = {"cpu", "memory", "pids"};
constexpr std::size_t kMaxBytes = 1 << 20;
constexpr absl::Duration kKillTime = absl::Seconds(10);
// Of the sandbox itself, and so that the watchdog, which can say why, comes before the kernel.
constexpr std::int64_t kMoreProcesses = 32;

Status WriteSetting(int folder, const char* name, std::string_view value) {
  const UniqueFd file(openat(folder, name, O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), value.data(), value.size()) < 0)
    return ErrnoStatus(errno, Cat("cannot write ", value, " to ", name, " of a cgroup"));
  return OkStatus();
}

std::string ReadSetting(int folder, const char* name) {
  const UniqueFd file(openat(folder, name, O_RDONLY | O_CLOEXEC));
  if (!file) return "";
  auto text = ReadAll(file.get(), kMaxBytes);
  return text.ok() ? *std::move(text) : "";
}

StatusOr<UniqueFd> OpenFolder(const std::string& path) {
  UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return ErrnoStatus(errno, Cat("cannot open the cgroup ", path));
  return folder;
}

bool Populated(int folder) {
  return ReadSetting(folder, "cgroup.events").find("populated 1") != std::string::npos;
}

// cgroup.kill came with Linux 5.14. Before it, those that are there are ended until none is left.
Status KillAll(int folder) {
  const absl::Time deadline = absl::Now() + kKillTime;
  const UniqueFd events(openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC));
  const bool at_once = WriteSetting(folder, "cgroup.kill", "1").ok();
  while (Populated(folder)) {
    if (absl::Now() > deadline) return Internal("a cgroup does not end");
    if (!at_once) {
      const std::string all = ReadSetting(folder, "cgroup.procs");
      for (const std::string_view line : SplitLines(all)) {
        std::int64_t pid = 0;
        if (ParseInt64(line, &pid) && pid > 1) kill(static_cast<pid_t>(pid), SIGKILL);
      }
    }
    // A change of the file is told by POLLPRI.
    pollfd changed = {events.get(), POLLPRI, 0};
    poll(&changed, 1, at_once ? 50 : 1);
  }
  return OkStatus();
}

bool IsDelegated(const std::string& path) {
  for (const char* name : {"user.delegate", "trusted.delegate"}) {
    char value = 0;
    if (getxattr(path.c_str(), name, &value, 1) == 1 && value == '1') return true;
  }
  return false;
}

std::string Unescaped(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool octal = path[i] == '\\' && i + 3 < path.size();
    out += octal ? static_cast<char>((path[i + 1] - '0') * 64 + (path[i + 2] - '0') * 8 +
                                     (path[i + 3] - '0'))
                 : path[i];
    if (octal) i += 3;
  }
  return out;
}

// The cgroup that is ours to divide: this process's own, or the one above it when the process was
// already put below (by us, or by DelegateSubgroup= of systemd).
StatusOr<std::string> OwnFolder() {
  ASSIGN_OR_RETURN(const std::string cgroup, ReadFile("/proc/self/cgroup", kMaxBytes));
  ASSIGN_OR_RETURN(const std::string mounts, ReadFile("/proc/self/mountinfo", kMaxBytes));
  ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(cgroup, mounts));
  if (access(Cat(folder, "/cgroup.type").c_str(), F_OK) != 0)
    return FailedPrecondition("this process is in the machine's root cgroup, which nobody gave it");
  const bool systemd = access("/run/systemd/system", F_OK) == 0;
  const std::string above = fs::path(folder).parent_path().string();
  // Where we are already below: never one more below that.
  const bool moved = fs::path(folder).filename() == kLeaf;
  const std::string& first = moved ? above : folder;
  for (const std::string& path : {first, moved ? folder : above}) {
    const bool ours = systemd ? IsDelegated(path) : path == first;
    if (ours && access(path.c_str(), W_OK) == 0 &&
        access(Cat(path, "/cgroup.subtree_control").c_str(), W_OK) == 0)
      return path;
  }
  return FailedPrecondition(systemd
                                ? Cat("the cgroup ", folder, " was not delegated to this process")
                                : Cat("the cgroup ", folder, " cannot be written by this process"));
}

std::vector<std::string> OursOf(std::string_view text) {
  std::vector<std::string> found;
  for (const char* name : kOurControllers) {
    for (const std::string_view word : Split(Trim(text), ' '))
      if (word == name) found.emplace_back(name);
  }
  return found;
}

std::string InWords(const std::vector<std::string>& names) {
  return names.empty() ? "no controllers" : Join(names, ", ");
}

// Everything in it, this process and its children, to a cgroup below.
Status MoveBelow(const std::string& path) {
  const std::string leaf = Cat(path, "/", kLeaf);
  if (mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST)
    return ErrnoStatus(errno, Cat("cannot make the cgroup ", leaf));
  ASSIGN_OR_RETURN(const UniqueFd top, OpenFolder(path));
  ASSIGN_OR_RETURN(const UniqueFd below, OpenFolder(leaf));
  const std::string all = ReadSetting(top.get(), "cgroup.procs");
  for (const std::string_view pid : SplitLines(all))
    if (!Trim(pid).empty()) RETURN_IF_ERROR(WriteSetting(below.get(), "cgroup.procs", Trim(pid)));
  return OkStatus();
}

}  // namespace

StatusOr<std::string> CgroupFolder(std::string_view cgroup, std::string_view mountinfo) {
  std::string_view own;
  for (const std::string_view line : SplitLines(cgroup))
    if (line.starts_with("0::/")) own = line.substr(3);
  for (const std::string_view line : SplitLines(mountinfo)) {
    // "36 35 0:29 ROOT POINT options - cgroup2 source options"
    const std::vector<std::string_view> fields = Split(line, ' ');
    if (own.empty() || fields.size() < 6 || line.find(" - cgroup2 ") == std::string_view::npos)
      continue;
    const std::string root = Unescaped(fields[3]), point = Unescaped(fields[4]);
    if (own.find("/..") != std::string_view::npos) continue;  // above what this mount shows
    std::string_view below = own;
    if (root != "/") {
      if (!own.starts_with(root)) continue;
      below.remove_prefix(root.size());
    }
    return below == "/" ? point : Cat(point, below);
  }
  return NotFound("no cgroups of version 2 are mounted here");
}

std::vector<std::pair<std::string, std::string>> CgroupSettings(
    const WorkspaceLimits& limits, const std::vector<std::string>& controllers) {
  std::vector<std::pair<std::string, std::string>> settings;
  const auto has = [&](const char* name) {
    return std::find(controllers.begin(), controllers.end(), name) != controllers.end();
  };
  if (has("memory") && limits.memory_bytes > 0) {
    settings.push_back({"memory.max", Cat(limits.memory_bytes)});
    settings.push_back({"memory.swap.max", "0"});
    // All of it ends: half a build is no build.
    settings.push_back({"memory.oom.group", "1"});
  }
  if (has("pids") && limits.processes > 0)
    settings.push_back({"pids.max", Cat(limits.processes + kMoreProcesses)});
  if (has("cpu") && limits.cpu > 0)
    settings.push_back({"cpu.max", Cat(std::int64_t{limits.cpu} * 100'000, " 100000")});
  return settings;
}

StatusOr<std::string> LookForCgroup() {
  ASSIGN_OR_RETURN(const std::string path, OwnFolder());
  ASSIGN_OR_RETURN(const UniqueFd folder, OpenFolder(path));
  const std::vector<std::string> found = OursOf(ReadSetting(folder.get(), "cgroup.controllers"));
  if (found.empty()) return FailedPrecondition(Cat("the cgroup ", path, " has no controllers"));
  return Cat(path, " with ", InWords(found));
}

StatusOr<std::shared_ptr<const Cgroups>> Cgroups::OfThisProcess() {
  ASSIGN_OR_RETURN(std::string path, OwnFolder());
  ASSIGN_OR_RETURN(const UniqueFd folder, OpenFolder(path));
  if (OursOf(ReadSetting(folder.get(), "cgroup.controllers")).empty())
    return FailedPrecondition(Cat("the cgroup ", path, " has no controllers"));
  RETURN_IF_ERROR(MoveBelow(path));
  return Below(std::move(path));
}

StatusOr<std::shared_ptr<const Cgroups>> Cgroups::Below(std::string path) {
  ASSIGN_OR_RETURN(const UniqueFd folder, OpenFolder(path));
  for (const std::string& name : OursOf(ReadSetting(folder.get(), "cgroup.controllers"))) {
    const Status status = WriteSetting(folder.get(), "cgroup.subtree_control", Cat("+", name));
    if (!status.ok())
      LogWarning("a cgroup controller is not used", {{"name", name}, {"why", Message(status)}});
  }
  std::vector<std::string> handed_on = OursOf(ReadSetting(folder.get(), "cgroup.subtree_control"));
  std::shared_ptr<const Cgroups> made(new Cgroups(std::move(path), std::move(handed_on)));
  RETURN_IF_ERROR(made->Make({}).status());
  return made;
}

bool Cgroups::Has(std::string_view controller) const {
  return std::find(controllers_.begin(), controllers_.end(), controller) != controllers_.end();
}

std::string Cgroups::Controllers() const {
  return InWords(controllers_);
}

StatusOr<Cgroup> Cgroups::Make(const WorkspaceLimits& limits) const {
  const std::string path = Cat(path_, "/", kPrefix, RandomHex(8));
  ASSIGN_OR_RETURN(const UniqueFd all, OpenFolder(path_));
  // So that a new one is never seen before its own lock is taken.
  if (flock(all.get(), LOCK_EX) != 0) return ErrnoStatus(errno, Cat("cannot lock ", path_));
  if (mkdir(path.c_str(), 0755) != 0)
    return ErrnoStatus(errno, Cat("cannot make the cgroup ", path));
  auto folder = OpenFolder(path);
  if (!folder.ok()) return folder.status();
  Cgroup made(path, *std::move(folder));
  if (flock(made.folder(), LOCK_EX | LOCK_NB) != 0)
    return ErrnoStatus(errno, Cat("cannot lock ", path));
  for (const auto& [name, value] : CgroupSettings(limits, controllers_)) {
    const Status status = WriteSetting(made.folder(), name.c_str(), value);
    // Not every kernel accounts swap; without it memory.max holds all the same.
    if (!status.ok() && name != "memory.swap.max") return status;
  }
  return made;
}

Status Cgroups::Reap() const {
  ASSIGN_OR_RETURN(const UniqueFd all, OpenFolder(path_));
  if (flock(all.get(), LOCK_EX) != 0) return ErrnoStatus(errno, Cat("cannot lock ", path_));
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    auto folder = OpenFolder(entry.path().string());
    if (!folder.ok() || flock(folder->get(), LOCK_EX | LOCK_NB) != 0) continue;
    const Cgroup left(entry.path().string(), *std::move(folder));
    LogInfo("removed a cgroup that a killed process left", {{"cgroup", left.path_}});
  }
  return OkStatus();
}

Cgroup::~Cgroup() {
  if (!folder_) return;
  Status status = Kill();
  if (status.ok() && rmdir(path_.c_str()) != 0)
    status = ErrnoStatus(errno, Cat("cannot remove the cgroup ", path_));
  if (!status.ok()) LogError("a cgroup stays", {{"why", Message(status)}});
}

Status Cgroup::Kill() const {
  return KillAll(folder_.get());
}

bool Cgroup::RanOutOfMemory() const {
  const std::string events = ReadSetting(folder(), "memory.events");
  for (const std::string_view line : SplitLines(events)) {
    const std::vector<std::string_view> words = Split(line, ' ');
    if (words.size() == 2 && words[0] == "oom_kill" && words[1] != "0") return true;
  }
  return false;
}

}  // namespace regreen
