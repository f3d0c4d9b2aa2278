#include "daemon/base/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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

// Where no cgroup divides the processors, the kernel weighs whole sessions (sched(7), autogroup),
// and a process's own niceness counts only inside its session. As well as it can be had: no
// promise.
void StepBack(const ChildPlan& plan) {
  setpriority(PRIO_PROCESS, 0, plan.niceness);
  const int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t n = write(fd, plan.autogroup, strlen(plan.autogroup));
  close(fd);
}

}  // namespace

void RunChild(const ChildPlan& plan) {
  setsid();
  if (plan.niceness > 0) StepBack(plan);
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
