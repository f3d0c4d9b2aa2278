#include "daemon/base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/time/clock.h"
#include "daemon/base/capped_text.h"
#include "daemon/base/child_process.h"
#include "daemon/base/file.h"
#include "daemon/base/pipes.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

StatusOr<UniqueFd> InputFile(const std::string& bytes) {
  if (!bytes.empty()) return MemoryFile(bytes);
  UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return ErrnoStatus(errno, "cannot open /dev/null");
  return null;
}

void AddLimit(ChildPlan& plan, int what, std::uint64_t value) {
  rlimit ours;
  if (value == 0 || getrlimit(static_cast<__rlimit_resource_t>(what), &ours) != 0) return;
  const rlim_t lower = std::min<rlim_t>(value, ours.rlim_max);
  plan.limits.push_back({what, rlimit{lower, lower}});
}

// Ends what is left of a group whose leader is reaped, and sees it gone: a signal is delivered
// before kill returns, but not yet obeyed. Bounded, since an init that reaps nobody leaves the dead
// in place.
void EndGroup(pid_t group) {
  constexpr timespec kPause = {0, 500'000};
  for (int looks = 0; looks < 400 && kill(-group, SIGKILL) == 0; ++looks)
    nanosleep(&kPause, nullptr);
}

// One run, from fork to the last byte of output.
class Process {
 public:
  explicit Process(const ProcessSpec& spec)
      : spec_(spec),
        out_(spec.merge_stderr ? spec.max_output_bytes
                               : spec.max_output_bytes - spec.max_output_bytes / 4),
        err_(spec.merge_stderr ? 0 : spec.max_output_bytes / 4) {}

  // Whatever way Run ends, no child is left behind, running or as a zombie.
  ~Process() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    Collect();
  }
  Process(const Process&) = delete;

  StatusOr<ProcessResult> Run(std::stop_token stop) {
    const absl::Time start = last_output_ = absl::Now();
    RETURN_IF_ERROR(Start());
    UniqueFd stopped(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stopped) return ErrnoStatus(errno, "cannot make an event descriptor");
    std::stop_callback on_stop(stop, [fd = stopped.get()] { eventfd_write(fd, 1); });
    if (spec_.converse) spec_.converse({}, input_);
    ASSIGN_OR_RETURN(const End end, Await(stopped.get(), start + spec_.timeout, spec_.silence));
    if (end != End::kExited) RETURN_IF_ERROR(EndIt());
    if (end == End::kStopped) return Cancelled("stopped while a program was running");
    ProcessResult result;
    result.silent = end == End::kSilent;
    result.timed_out = result.silent || end == End::kLate;
    RETURN_IF_ERROR(Reap(&result));
    DrainRest();
    result.out = out_.Take(&result.output_truncated);
    result.err = err_.Take(&result.output_truncated);
    result.wall = absl::Now() - start;
    return result;
  }

 private:
  Status Start() {
    ChildPlan plan;
    RETURN_IF_ERROR(FindExecutable(&plan));
    ASSIGN_OR_RETURN(const int lowest, LowestFree());
    std::vector<UniqueFd> inputs;
    auto give = [&](StatusOr<UniqueFd> fd, int target) -> Status {
      if (!fd.ok()) return fd.status();
      ASSIGN_OR_RETURN(UniqueFd high, DuplicateFd(fd->get(), lowest));
      plan.descriptors.push_back({high.get(), target});
      inputs.push_back(std::move(high));
      return OkStatus();
    };
    RETURN_IF_ERROR(OpenInput(give));
    RETURN_IF_ERROR(OpenOutput(give));
    for (const auto& [target, bytes] : spec_.input_fds)
      RETURN_IF_ERROR(give(MemoryFile(bytes), target));
    for (const auto& [target, ours] : spec_.shared_fds)
      RETURN_IF_ERROR(give(DuplicateFd(ours), target));
    std::vector<std::string> env;
    for (const auto& [name, value] : spec_.env) env.push_back(Cat(name, "=", value));
    for (const std::string& arg : spec_.argv) plan.argv.push_back(const_cast<char*>(arg.c_str()));
    for (const std::string& entry : env) plan.env.push_back(const_cast<char*>(entry.c_str()));
    plan.argv.push_back(nullptr);
    plan.env.push_back(nullptr);
    plan.cwd = spec_.cwd.empty() ? nullptr : spec_.cwd.c_str();
    plan.terminal = spec_.terminal >= 0;
    plan.niceness = std::clamp(spec_.niceness, 0, 19);
    std::snprintf(plan.autogroup, sizeof plan.autogroup, "%d", plan.niceness);
    plan.limits.push_back({RLIMIT_CORE, rlimit{0, 0}});
    AddLimit(plan, RLIMIT_FSIZE, spec_.limits.file_bytes);
    AddLimit(plan, RLIMIT_NOFILE, spec_.limits.open_files);
    AddLimit(plan, RLIMIT_NPROC, spec_.limits.processes);
    AddLimit(plan, RLIMIT_AS, spec_.limits.memory_bytes);
    AddLimit(plan, RLIMIT_CPU, spec_.limits.cpu_seconds);
    plan.cgroup = spec_.cgroup;
    if (spec_.processors > 0) plan.processors = SomeProcessors(spec_.processors);
    if (spec_.overlay) {
      ASSIGN_OR_RETURN(plan.overlay, PreparedOverlay::Prepare(*spec_.overlay));
    }
    return Fork(plan, lowest);
  }

  // The first number above all that the child is promised.
  StatusOr<int> LowestFree() const {
    int lowest = 3;
    bool hides = false;
    const auto look = [&](int target) {
      hides = hides || target < 3;
      lowest = std::max(lowest, target + 1);
    };
    for (const auto& [target, bytes] : spec_.input_fds) look(target);
    for (const auto& [target, ours] : spec_.shared_fds) look(target);
    if (hides) return Internal("a descriptor below 3 would hide a standard stream");
    return lowest;
  }

  template <class Give>
  Status OpenInput(Give& give) {
    if (spec_.terminal >= 0) return give(DuplicateFd(spec_.terminal), 0);
    if (!spec_.converse) return give(InputFile(spec_.stdin_bytes), 0);
    ASSIGN_OR_RETURN(Pipe in, MakePipe());
    input_ = PipeWriter(std::move(in.write));
    return give(std::move(in.read), 0);
  }

  // Of a program that is spoken with the streams are told apart, also where they become one text.
  template <class Give>
  Status OpenOutput(Give& give) {
    if (spec_.terminal >= 0) {
      RETURN_IF_ERROR(give(DuplicateFd(spec_.terminal), 1));
      return give(DuplicateFd(spec_.terminal), 2);
    }
    ASSIGN_OR_RETURN(Pipe out, MakePipe());
    if (spec_.merge_stderr && !spec_.converse) {
      RETURN_IF_ERROR(give(DuplicateFd(out.write.get()), 2));
    } else {
      ASSIGN_OR_RETURN(Pipe err, MakePipe());
      RETURN_IF_ERROR(give(std::move(err.write), 2));
      err_pipe_ = std::move(err.read);
      fcntl(err_pipe_.get(), F_SETFL, O_NONBLOCK);
    }
    RETURN_IF_ERROR(give(std::move(out.write), 1));
    out_pipe_ = std::move(out.read);
    fcntl(out_pipe_.get(), F_SETFL, O_NONBLOCK);
    return OkStatus();
  }

  Status FindExecutable(ChildPlan* plan) {
    if (spec_.argv.empty()) return Internal("a process needs a program");
    plan->program = spec_.argv[0];
    if (plan->program.find('/') == std::string::npos) {
      ASSIGN_OR_RETURN(plan->program, FindProgram(spec_.argv[0]));
    }
    return OkStatus();
  }

  Status Fork(ChildPlan& plan, int lowest) {
    ASSIGN_OR_RETURN(Pipe report, MakePipe());
    ASSIGN_OR_RETURN(report.write, DuplicateFd(report.write.get(), lowest));
    plan.report = report.write.get();
    plan.parent = getpid();
    // No handler of ours may run in the child before it has reset them all.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_ = ForkChild(plan);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) return ErrnoStatus(error, Cat("cannot start ", plan.program));
    report.write.Reset();
    RETURN_IF_ERROR(ReadReport(report.read.get(), plan));
    pid_fd_.Reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    if (!pid_fd_) return ErrnoStatus(errno, "cannot watch a process (pidfd_open, Linux 5.3)");
    return OkStatus();
  }

  Status ReadReport(int fd, const ChildPlan& plan) {
    StartFailure failure;
    ssize_t n;
    do {
      n = read(fd, &failure, sizeof failure);
    } while (n < 0 && errno == EINTR);
    if (n == 0) return OkStatus();
    if (n != sizeof failure) return Internal(Cat("cannot tell whether ", plan.program, " started"));
    switch (failure.stage) {
      case StartFailure::Stage::kParent:
        return Internal("the thread that started a process ended");
      case StartFailure::Stage::kCgroup:
        return ErrnoStatus(failure.error, Cat("cannot put ", plan.program, " into its cgroup"));
      case StartFailure::Stage::kOverlay:
        return FailedPrecondition(Cat("cannot mount an overlay: ", std::strerror(failure.error)));
      case StartFailure::Stage::kFolder:
        return ErrnoStatus(failure.error, Cat("cannot enter ", spec_.cwd));
      case StartFailure::Stage::kLimits:
        return ErrnoStatus(failure.error, Cat("cannot limit ", plan.program));
      case StartFailure::Stage::kDescriptors:
        return ErrnoStatus(failure.error,
                           Cat("cannot close our descriptors before ", plan.program));
      case StartFailure::Stage::kExec:
        break;
    }
    return ErrnoStatus(failure.error, Cat("cannot run ", plan.program));
  }

  enum class End { kExited, kLate, kSilent, kStopped };

  // `stopped` may be -1: nobody can.
  StatusOr<End> Await(int stopped, absl::Time deadline, absl::Duration silence) {
    for (;;) {
      const absl::Time now = absl::Now(), quiet_until = last_output_ + silence;
      if (now >= deadline) return End::kLate;
      if (now >= quiet_until) return End::kSilent;
      // Rounded up, so that the last wait does not spin.
      const std::int64_t left = absl::ToInt64Milliseconds(std::min(deadline, quiet_until) - now);
      const int wait = static_cast<int>(std::min<std::int64_t>(left, INT_MAX - 1)) + 1;
      // A closed pipe has descriptor -1, which poll skips.
      std::array<pollfd, 5> polled = {{{pid_fd_.get(), POLLIN, 0},
                                       {stopped, POLLIN, 0},
                                       {out_pipe_.get(), POLLIN, 0},
                                       {err_pipe_.get(), POLLIN, 0},
                                       {input_.waiting_fd(), POLLOUT, 0}}};
      if (poll(polled.data(), polled.size(), wait) < 0 && errno != EINTR) {
        return ErrnoStatus(errno, "cannot wait for a process");
      }
      if (polled[1].revents != 0) return End::kStopped;
      if (polled[2].revents != 0) ReadOut();
      if (polled[3].revents != 0) ReadErr();
      if (polled[4].revents != 0) input_.Flush();
      if (polled[0].revents != 0) return End::kExited;
    }
  }

  // What it says in its last moments is read as before.
  Status EndIt() {
    for (const int signal : {SIGINT, SIGTERM}) {
      if (spec_.grace <= absl::ZeroDuration()) break;
      if (spec_.deliver) {
        spec_.deliver(signal);
      } else {
        kill(-pid_, signal);
      }
      ASSIGN_OR_RETURN(const End end,
                       Await(-1, absl::Now() + spec_.grace, absl::InfiniteDuration()));
      if (end == End::kExited) break;
    }
    kill(-pid_, SIGKILL);
    return OkStatus();
  }

  bool ReadOut() { return ReadSome(out_pipe_, out_, spec_.converse != nullptr); }
  bool ReadErr() { return ReadSome(err_pipe_, spec_.merge_stderr ? out_ : err_, false); }

  // Reads one piece; false when there is nothing more to be had now.
  bool ReadSome(UniqueFd& pipe, CappedText& text, bool answered) {
    if (!pipe) return false;
    char buffer[64 << 10];
    const ssize_t n = read(pipe.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) return true;
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) {
      pipe.Reset();
      return false;
    }
    const std::string_view piece(buffer, static_cast<std::size_t>(n));
    last_output_ = absl::Now();
    text.Add(piece);
    if (spec_.on_output) spec_.on_output(piece);
    if (answered) spec_.converse(piece, input_);
    return true;
  }

  // The zombie holds the group's number until it is reaped, so the first kill cannot hit a
  // stranger.
  void Collect() {
    kill(-pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    EndGroup(std::exchange(pid_, 0));
  }

  Status Reap(ProcessResult* result) {
    siginfo_t info = {};
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0) {
      if (errno != EINTR) return ErrnoStatus(errno, "cannot wait for a process");
    }
    result->exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    Collect();
    return OkStatus();
  }

  // What is in the pipes; a process that left the group may hold them open, so there may be no end.
  // Bounded for the case that such a process goes on writing.
  void DrainRest() {
    for (int pieces = 0; pieces < 64 && ReadOut(); ++pieces) {
    }
    for (int pieces = 0; pieces < 64 && ReadErr(); ++pieces) {
    }
  }

  const ProcessSpec& spec_;
  CappedText out_, err_;
  UniqueFd out_pipe_, err_pipe_, pid_fd_;
  PipeWriter input_;  // of a program that is spoken with
  absl::Time last_output_;
  pid_t pid_ = 0;
};

}  // namespace

StatusOr<ProcessResult> RunProcess(const ProcessSpec& spec, std::stop_token stop) {
  return Process(spec).Run(std::move(stop));
}

StatusOr<std::string> FindProgram(std::string_view name) {
  const char* path = std::getenv("PATH");
  if (path == nullptr || *path == '\0') path = "/usr/local/bin:/usr/bin:/bin";
  for (std::string_view folder : Split(path, ':')) {
    if (folder.empty() || folder.front() != '/') continue;
    const std::string candidate = Cat(folder, "/", name);
    if (access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) {
      return candidate;
    }
  }
  return NotFound(Cat("the program ", name, " is not in PATH"));
}

}  // namespace regreen
