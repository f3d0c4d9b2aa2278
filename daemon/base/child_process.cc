#include "daemon/base/child_process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace regreen {
namespace {

[[noreturn]] void Fail(const ChildPlan& plan, StartFailure::Stage stage) {
  const StartFailure failure{stage, errno};
  [[maybe_unused]] const ssize_t n = write(plan.report, &failure, sizeof failure);
  _exit(127);
}

bool WriteTo(int folder, const char* path, const char* text) {
  const int fd = openat(folder, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const auto size = static_cast<ssize_t>(strlen(text));
  const bool written = write(fd, text, static_cast<std::size_t>(size)) == size;
  close(fd);
  return written;
}

// Where no cgroup divides the processors, the kernel weighs whole sessions (sched(7), autogroup),
// and a process's own niceness counts only inside its session. As well as it can be had: no
// promise. Where memory runs out, what stepped back is ended before any other.
void StepBack(const ChildPlan& plan) {
  setpriority(PRIO_PROCESS, 0, plan.niceness);
  WriteTo(AT_FDCWD, "/proc/self/autogroup", plan.autogroup);
  WriteTo(AT_FDCWD, "/proc/self/oom_score_adj", "1000");
}

pid_t CloneIntoCgroup(const ChildPlan& plan) {
  clone_args args = {};
  args.flags = CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.cgroup = static_cast<__aligned_u64>(plan.cgroup);
  return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
}

}  // namespace

std::optional<cpu_set_t> SomeProcessors(int count) {
  cpu_set_t ours, some;
  // Fails where there are more processors than a cpu_set_t holds.
  if (sched_getaffinity(0, sizeof ours, &ours) != 0 || count >= CPU_COUNT(&ours))
    return std::nullopt;
  std::vector<int> numbers;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &ours)) numbers.push_back(i);
  unsigned first = 0;
  [[maybe_unused]] const ssize_t n = getrandom(&first, sizeof first, GRND_NONBLOCK);
  CPU_ZERO(&some);
  for (int i = 0; i < count; ++i)
    CPU_SET(numbers[(first % numbers.size() + static_cast<std::size_t>(i)) % numbers.size()],
            &some);
  return some;
}

pid_t ForkChild(const ChildPlan& plan) {
  if (plan.cgroup >= 0) {
    const pid_t child = CloneIntoCgroup(plan);
    if (child == 0) RunChild(plan);
    // Unknown to an old kernel, or refused by a filter around us.
    if (child > 0 || (errno != ENOSYS && errno != EPERM && errno != E2BIG)) return child;
  }
  const pid_t child = fork();
  if (child != 0) return child;
  if (plan.cgroup >= 0 && !WriteTo(plan.cgroup, "cgroup.procs", "0"))
    Fail(plan, StartFailure::Stage::kCgroup);
  RunChild(plan);
}

void RunChild(const ChildPlan& plan) {
  setsid();
  if (plan.niceness > 0) StepBack(plan);
  if (plan.processors) sched_setaffinity(0, sizeof *plan.processors, &*plan.processors);
  // Before the death signal is asked for: a new user namespace clears it.
  if (plan.overlay && (errno = plan.overlay->Mount()) != 0)
    Fail(plan, StartFailure::Stage::kOverlay);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != plan.parent)
    Fail(plan, StartFailure::Stage::kParent);
  struct sigaction act = {};
  act.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &act, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (plan.cwd != nullptr && chdir(plan.cwd) != 0) Fail(plan, StartFailure::Stage::kFolder);
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    Fail(plan, StartFailure::Stage::kDescriptors);
  for (const auto& [ours, theirs] : plan.descriptors) {
    if (dup2(ours, theirs) < 0) Fail(plan, StartFailure::Stage::kDescriptors);
  }
  if (plan.terminal && ioctl(0, TIOCSCTTY, 0) != 0) Fail(plan, StartFailure::Stage::kDescriptors);
  for (const auto& [what, limit] : plan.limits) {
    if (setrlimit(static_cast<__rlimit_resource_t>(what), &limit) != 0)
      Fail(plan, StartFailure::Stage::kLimits);
  }
  execve(plan.program.c_str(), plan.argv.data(), plan.env.data());
  Fail(plan, StartFailure::Stage::kExec);
}

}  // namespace regreen
