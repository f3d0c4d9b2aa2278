#include "adapters/workspace/seccomp.h"

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxFilterBytes = 1 << 20;

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

constexpr const char* kForbidden[] = {"add_key",
                                      "bpf",
                                      "fsconfig",
                                      "fsmount",
                                      "fsopen",
                                      "fspick",
                                      "kexec_file_load",
                                      "kexec_load",
                                      "keyctl",
                                      "mount",
                                      "mount_setattr",
                                      "move_mount",
                                      "name_to_handle_at",
                                      "open_by_handle_at",
                                      "open_tree",
                                      "perf_event_open",
                                      "pivot_root",
                                      "process_vm_readv",
                                      "process_vm_writev",
                                      "ptrace",
                                      "request_key",
                                      "setns",
                                      "umount",
                                      "umount2",
                                      "unshare",
                                      "userfaultfd"};

// Answered as an older kernel would, so that programs take the way that can be filtered.
constexpr const char* kAbsent[] = {"clone3", "io_uring_enter", "io_uring_register",
                                   "io_uring_setup"};

// A time namespace is only to be had by clone3 and unshare: clone's bit for it is part of the
// signal.
constexpr unsigned long kNamespaceFlags[] = {CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWPID,
                                             CLONE_NEWNET,   CLONE_NEWIPC, CLONE_NEWUTS,
                                             CLONE_NEWCGROUP};

// Adds rules until the first one fails; a filter with a hole is no filter.
class Rules {
 public:
  explicit Rules(void* filter) : filter_(filter) {}

  void Refuse(const char* call, int error) {
    const int number = Number(call);
    if (number != __NR_SCMP_ERROR)
      Note(seccomp_rule_add(filter_, SCMP_ACT_ERRNO(error), number, 0), call);
  }
  void RefuseIf(const char* call, int error, scmp_arg_cmp condition) {
    const int number = Number(call);
    if (number == __NR_SCMP_ERROR) return;
    Note(seccomp_rule_add_array(filter_, SCMP_ACT_ERRNO(error), number, 1, &condition), call);
  }
  Status status() const { return status_; }

 private:
  // A call that this libseccomp has never heard of is no call of this system's kernel headers
  // either.
  static int Number(const char* call) { return seccomp_syscall_resolve_name(call); }
  void Note(int result, const char* call) {
    if (result == 0 || !status_.ok()) return;
    status_ = ErrnoStatus(-result, Cat("cannot filter the system call ", call));
  }

  void* filter_;
  Status status_;
};

void AddSocketRules(Rules& rules) {
  // Allowed are AF_UNIX (1), AF_INET (2) and AF_INET6 (10).
  for (scmp_datum_t family = 3; family < 10; ++family) {
    rules.RefuseIf("socket", EAFNOSUPPORT, SCMP_A0(SCMP_CMP_EQ, family));
  }
  rules.RefuseIf("socket", EAFNOSUPPORT, SCMP_A0(SCMP_CMP_GT, scmp_datum_t{AF_INET6}));
}

Status Fill(void* filter) {
  Rules rules(filter);
  for (const char* call : kForbidden) rules.Refuse(call, EPERM);
  for (const char* call : kAbsent) rules.Refuse(call, ENOSYS);
  for (const unsigned long flag : kNamespaceFlags) {
    rules.RefuseIf("clone", EPERM, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  // The kernel looks at 32 bits of the request only, so the filter must too.
  for (const unsigned long request :
       {static_cast<unsigned long>(TIOCSTI), static_cast<unsigned long>(TIOCLINUX)}) {
    rules.RefuseIf("ioctl", EPERM, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffUL, request));
  }
  AddSocketRules(rules);
  return rules.status();
}

}  // namespace

StatusOr<std::string> SandboxFilter() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return Internal("cannot make a system call filter");
  RETURN_IF_ERROR(Fill(filter.get()));
  UniqueFd file(memfd_create("filter", MFD_CLOEXEC));
  if (!file) return ErrnoStatus(errno, "cannot make a memory file");
  const int result = seccomp_export_bpf(filter.get(), file.get());
  if (result != 0) return ErrnoStatus(-result, "cannot write a system call filter");
  if (lseek(file.get(), 0, SEEK_SET) != 0) return ErrnoStatus(errno, "cannot rewind a memory file");
  return ReadAll(file.get(), kMaxFilterBytes);
}

}  // namespace regreen
