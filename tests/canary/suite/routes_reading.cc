#include "tests/canary/suite/routes.h"

namespace regreen::canary {

std::vector<Route> ReadingRoutes() {
  const char* const kNoProcess = "a process namespace and a /proc of its own";
  const char* const kNoFile = "a file system with nothing but the system and the workspace";
  return {
      {"environment_of_its_shell", "its own environment", "the environment is made anew",
       "env; tr '\\0' '\\n' < /proc/self/environ"},
      {"environment_of_every_process", "/proc/*/environ", kNoProcess,
       "cat /proc/[0-9]*/environ 2>/dev/null || true"},
      {"arguments_of_every_process", "/proc/*/cmdline", kNoProcess,
       "cat /proc/[0-9]*/cmdline 2>/dev/null || true"},
      {"environment_of_the_first_process", "/proc/1/environ and its parent's",
       "bubblewrap starts with an empty environment and is not inside",
       "cat /proc/1/environ /proc/$PPID/environ /proc/$CANARY_PID/environ 2>/dev/null || true"},
      {"memory_by_proc", "/proc/PID/mem of the daemon", kNoProcess,
       "./fixer proc-memory $CANARY_PID $CANARY_ADDRESS"},
      {"memory_by_system_call", "process_vm_readv of the daemon", "the system call filter",
       "./fixer vm-read $CANARY_PID $CANARY_ADDRESS"},
      {"memory_by_tracing", "ptrace of the daemon", "the system call filter",
       "./fixer trace $CANARY_PID $CANARY_ADDRESS"},
      {"descriptors_left_open", "whatever descriptors it was started with",
       "all are closed before bubblewrap runs", "./fixer inherited"},
      {"descriptors_by_proc", "/proc/PID/fd of the daemon", kNoProcess,
       "cat /proc/$CANARY_PID/fd/$CANARY_FD"},
      {"descriptors_of_every_process", "/proc/*/fd/* of what it can see", kNoProcess,
       "for f in /proc/[0-9]*/fd/[0-9]*; do case $(readlink $f) in "
       "*memfd:*) head -c 200 $f || true;; esac; done 2>/dev/null"},
      {"descriptors_by_pidfd", "pidfd_getfd of the daemon", kNoProcess,
       "./fixer steal-descriptor $CANARY_PID $CANARY_FD"},
      {"home_folder", "~/.netrc and keys of the daemon's user", kNoFile,
       "cat $CANARY_OUTSIDE/home/.netrc $CANARY_OUTSIDE/home/.ssh/* ~/.netrc || true"},
      {"configuration", "the daemon's configuration and token files", kNoFile,
       "cat $CANARY_OUTSIDE/config.toml $CANARY_OUTSIDE/token"},
      {"root_of_another_process", "a file by /proc/PID/root", kNoProcess,
       "cat /proc/$CANARY_PID/root$CANARY_OUTSIDE/token /proc/1/root$CANARY_OUTSIDE/token || true"},
      {"folder_of_another_process", "a file by /proc/PID/cwd", kNoProcess,
       "cat /proc/$CANARY_PID/cwd/token"},
      {"links_and_dots", "a file by symbolic links and ..", kNoFile,
       "ln -s $CANARY_OUTSIDE/token a-link; cat a-link || true; "
       "cat ../../../../../../..$CANARY_OUTSIDE/token"},
      {"remote_of_the_mirror", "the credential in the mirror's remote", kNoFile,
       "git config --get-regexp 'remote.*' || true; cat $CANARY_MIRROR/config"},
      {"remote_beside_the_objects", "the mirror's configuration beside its objects",
       "only objects are bound, read-only",
       "for store in $(cat .git/objects/info/alternates); do cat $store/../config $store/../* "
       "2>/dev/null || true; done"},
      {"everything_below_the_folders", "a search of all folders for what looks like a secret",
       kNoFile,
       "grep -rshD skip canary-[0-9a-f] ${CANARY_OUTSIDE%/*} /regreen ~ /etc | head -c 100000 || "
       "true"},
      {"shared_memory", "a segment of System V shared memory", "an IPC namespace",
       "./fixer shared-memory $CANARY_SHARED"},
      {"key_ring", "the daemon's user's key ring in the kernel", "the system call filter",
       "./fixer keyring $CANARY_MARK"},
      {"kernel_log", "the kernel's log", "no capability", "./fixer kernel-log", Sign::kLoot, true},
      {"file_by_handle", "a file by its number (open_by_handle_at)", "the system call filter",
       "./fixer by-handle $CANARY_HANDLE_TYPE $CANARY_HANDLE", Sign::kLoot, true},
  };
}

}  // namespace regreen::canary
