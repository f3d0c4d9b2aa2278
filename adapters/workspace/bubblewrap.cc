#include "adapters/workspace/bubblewrap.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "adapters/workspace/folder.h"
#include "adapters/workspace/forwarder.h"
#include "adapters/workspace/inner_processes.h"
#include "adapters/workspace/run_here.h"
#include "adapters/workspace/seccomp.h"
#include "adapters/workspace/system_view.h"
#include "adapters/workspace/watchdog.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Descriptors of bwrap, by number.
constexpr int kArgumentsFd = 3, kFilterFd = 4, kStatusFd = 5, kFirstFileFd = 6;
constexpr std::size_t kMaxStatusBytes = 64 << 10;
constexpr int kReapMilliseconds = 30'000;
constexpr std::uint64_t kOpenFiles = 65'536;
constexpr int kKilled = 128 + SIGKILL;
// Parts of the memory that files in it may take. A cap, not a reservation.
constexpr int kTmpPart = 2, kShmPart = 4;
constexpr std::int64_t kMemoryFilesWithoutLimit = std::int64_t{8} << 30;
// Besides the command's: the sandbox's own, and so that the watchdog comes before the kernel.
constexpr std::int64_t kMoreProcesses = 16;

// The sandbox's first process. When it ends the kernel ends all others there, and bwrap is told
// only then; bwrap's own first process would leave them for a moment. The shell waits for the
// command instead of becoming it, since a first process ignores the signals that would end any
// other. It sets the limit of processes, by either name that shells have for it, since only inside
// are no others of this user counted; its first argument.
constexpr char kFirstProcess[] =
    "[ \"$1\" = 0 ] || ulimit -u \"$1\" 2>/dev/null || ulimit -p \"$1\" 2>/dev/null\n"
    "shift\n\"$@\"; exit $?";

struct SandboxStatus {
  pid_t first_process = 0;
  bool started = false;  // the command was reached: its exit code is its own
};

// bwrap writes one JSON object a line. Its place in the file is ours too, so that is left alone.
SandboxStatus ReadStatus(int file) {
  SandboxStatus status;
  std::string text(kMaxStatusBytes, '\0');
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  for (std::string_view line : SplitLines(text)) {
    auto json = Json::Parse(line);
    if (!json.ok()) continue;
    if ((*json)["child-pid"].IsInt()) {
      status.first_process = static_cast<pid_t>((*json)["child-pid"].IntOr(0));
    }
    if ((*json)["exit-code"].IsInt()) status.started = true;
  }
  return status;
}

// When bwrap was killed, its death kills the first process, and that one all others; but a killer
// is not told when this is over. A process is readable as ended only after its namespace is empty.
void AwaitEnd(pid_t first_process) {
  if (first_process <= 0) return;
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, first_process, 0)));
  if (!process) return;
  pollfd ended = {process.get(), POLLIN, 0};
  while (poll(&ended, 1, kReapMilliseconds) < 0 && errno == EINTR) {
  }
}

std::vector<int> ParseVersion(std::string_view text) {
  std::vector<int> version;
  const std::size_t digits = text.find_first_of("0123456789");
  if (digits == std::string_view::npos) return version;
  for (std::string_view part : Split(Trim(text.substr(digits)), '.')) {
    version.push_back(std::atoi(std::string(part).c_str()));
  }
  return version;
}

// What its processors give in the time that a command has. Only one that took more processors than
// it was given comes beyond.
absl::Duration ProcessorTime(const WorkspaceLimits& limits, absl::Duration timeout) {
  return limits.cpu > 0 ? limits.cpu * timeout : absl::InfiniteDuration();
}

Watched WhatToWatch(const SandboxFolders& folders, const ExecSpec& spec, const Cgroups* cgroups) {
  Watched watched;
  watched.limits = folders.limits;
  if (cgroups != nullptr && cgroups->HoldsMemory()) watched.limits.memory_bytes = 0;
  watched.cpu_time = ProcessorTime(folders.limits, spec.timeout);
  watched.folders = {folders.overlay ? folders.overlay->upper : folders.tree, folders.home};
  watched.before = folders.before;
  return watched;
}

template <class... A>
void Add(std::vector<std::string>& arguments, const A&... parts) {
  (arguments.push_back(std::string(parts)), ...);
}

}  // namespace

StatusOr<Bubblewrap> Bubblewrap::Find(const WorkspaceOptions& options) {
  auto program = FindProgram("bwrap");
  if (!program.ok()) {
    return FailedPrecondition(
        "the sandbox needs bubblewrap, and there is no bwrap in PATH; "
        "install the package bubblewrap");
  }
  ProcessSpec spec;
  spec.argv = {*program, "--version"};
  spec.timeout = absl::Seconds(10);
  ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(spec));
  std::vector<int> version = ParseVersion(result.out);
  // 0.4 brought --json-status-fd as it is used here.
  if (version < std::vector<int>{0, 4}) {
    return FailedPrecondition(Cat("the sandbox needs bubblewrap 0.4 or newer; ", *program,
                                  " says: ", EscapeControl(Trim(result.out))));
  }
  ASSIGN_OR_RETURN(std::string filter, SandboxFilter());
  return Bubblewrap(*std::move(program), std::move(version), std::move(filter), options);
}

std::vector<std::string> Bubblewrap::Arguments(const SandboxFolders& folders,
                                               const ExecSpec& spec) const {
  std::vector<std::string> a;
  // No --new-session: RunProcess has made one, without a terminal, and another would start with a
  // weight of its own.
  Add(a, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
      "--unshare-cgroup-try", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL", "--uid",
      "1000", "--gid", "1000", "--hostname", "regreen");
  if (AtLeast(0, 8)) Add(a, "--disable-userns");
  Add(a, "--seccomp", std::to_string(kFilterFd), "--json-status-fd", std::to_string(kStatusFd));
  for (const std::string& option : SystemView()) a.push_back(option);
  int fd = kFirstFileFd;
  for (const auto& [path, content] : MadeFiles())
    Add(a, "--ro-bind-data", std::to_string(fd++), path);
  const std::int64_t memory =
      folders.limits.memory_bytes > 0 ? folders.limits.memory_bytes : kMemoryFilesWithoutLimit;
  const auto tmpfs = [&](int part, const char* path) {
    if (AtLeast(0, 7)) Add(a, "--size", std::to_string(memory / part));
    Add(a, "--tmpfs", path);
  };
  // Read-only: where the daemon is root, the files of /proc/sys take its user for their owner.
  Add(a, "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev");
  tmpfs(kShmPart, "/dev/shm");
  Add(a, "--remount-ro", "/dev");
  tmpfs(kTmpPart, "/tmp");
  for (const std::string& path : options_.read_only_paths) Add(a, "--ro-bind", path, path);
  Add(a, "--bind", folders.home, kHomeInside, "--bind", folders.tree, kTreeInside);
  int store = 0;
  for (const std::string& objects : folders.objects) {
    const std::string inside = Cat(kObjectsInside, "/", store++);
    Add(a, "--ro-bind", objects, inside);
    // What it borrows from is bound beside it; the names in there are the host's.
    if (access(Cat(objects, "/info/alternates").c_str(), F_OK) == 0) {
      Add(a, "--tmpfs", Cat(inside, "/info"), "--remount-ro", Cat(inside, "/info"));
    }
  }
  if (!folders.egress.empty()) {
    Add(a, "--ro-bind", folders.egress, kBrokerInside, "--ro-bind", options_.forwarder,
        kForwarderInside);
  }
  Add(a, "--remount-ro", "/", "--chdir",
      spec.directory.empty() ? std::string(kTreeInside) : Cat(kTreeInside, "/", spec.directory));
  Add(a, "--setenv", "PATH", SearchPath(options_), "--setenv", "HOME", kHomeInside, "--setenv",
      "USER", "regreen", "--setenv", "LANG", "C.UTF-8", "--setenv", "CI", "true", "--setenv",
      "TERM", "dumb", "--setenv", "TMPDIR", "/tmp");
  for (const auto& [name, value] : folders.env) Add(a, "--setenv", name, value);
  for (const auto& [name, value] : spec.env) Add(a, "--setenv", name, value);
  return a;
}

ProcessSpec Bubblewrap::Process(const SandboxFolders& folders, const ExecSpec& spec) const {
  const WorkspaceLimits& limits = folders.limits;
  ProcessSpec process;
  process.argv = {program_,      "--args", std::to_string(kArgumentsFd), "--", "/bin/sh", "-c",
                  kFirstProcess, "sandbox"};
  process.argv.push_back(
      std::to_string(limits.processes > 0 ? limits.processes + kMoreProcesses : 0));
  if (!folders.egress.empty()) {
    Add(process.argv, kForwarderInside, kForwarderCommand, kBrokerInside,
        std::to_string(kForwarderPort));
  }
  for (const std::string& word : ShellCommand(spec.command)) process.argv.push_back(word);
  std::string arguments;
  for (const std::string& argument : Arguments(folders, spec)) {
    arguments += argument;
    arguments += '\0';
  }
  process.input_fds = {{kArgumentsFd, std::move(arguments)}, {kFilterFd, filter_}};
  int fd = kFirstFileFd;
  for (const auto& [path, content] : MadeFiles()) process.input_fds.push_back({fd++, content});
  process.overlay = folders.overlay;
  FollowSpec(spec, process);
  process.processors = limits.cpu;
  process.limits = {.file_bytes = static_cast<std::uint64_t>(limits.file_bytes),
                    .open_files = kOpenFiles};
  if (const absl::Duration time = ProcessorTime(limits, spec.timeout);
      time < absl::InfiniteDuration())
    process.limits.cpu_seconds = static_cast<std::uint64_t>(absl::ToInt64Seconds(time)) + 1;
  return process;
}

StatusOr<ExecResult> Bubblewrap::Run(const SandboxFolders& folders, const ExecSpec& spec,
                                     std::stop_token stop) const {
  const UniqueFd status_file(memfd_create("status", MFD_CLOEXEC));
  if (!status_file) return ErrnoStatus(errno, "cannot make a memory file");
  ProcessSpec process = Process(folders, spec);
  process.shared_fds = {{kStatusFd, status_file.get()}};
  // The group has bwrap in it, whose end is the end of all.
  process.deliver = [file = status_file.get()](int signal) {
    SignalInside(ReadStatus(file).first_process, signal);
  };
  std::optional<Cgroup> cgroup;
  if (cgroups_ != nullptr) {
    ASSIGN_OR_RETURN(Cgroup made, cgroups_->Make(folders.limits));
    process.cgroup = cgroup.emplace(std::move(made)).folder();
  }
  Watched watched = WhatToWatch(folders, spec, cgroups_.get());
  watched.first_process = [file = status_file.get()] { return ReadStatus(file).first_process; };
  Watchdog watchdog(std::move(watched));
  auto result = RunProcess(process, std::move(stop));
  std::string ended_by = watchdog.Stop();
  const SandboxStatus status = ReadStatus(status_file.get());
  if (cgroup) {
    RETURN_IF_ERROR(cgroup->Kill());
    if (cgroup->RanOutOfMemory()) ended_by = OverMemory(folders.limits.memory_bytes);
  }
  AwaitEnd(status.first_process);
  if (!result.ok()) return std::move(result).status();
  if (!status.started && !result->timed_out && ended_by.empty()) {
    return FailedPrecondition(
        Cat("the sandbox did not start: ", EscapeControl(Truncate(Trim(result->out), 500))));
  }
  ExecResult answer = ResultOf(*std::move(result));
  if (!ended_by.empty()) answer.exit_code = kKilled;
  if (!answer.timed_out) answer.ended_by = std::move(ended_by);
  return answer;
}

}  // namespace regreen
