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

// Beyond what the namespaces need, this is what Docker's default profile leaves out for a container
// without capabilities: clocks, modules, swap, quotas, other processes' memory, old and rare calls.
constexpr const char* kForbidden[] = {
    // Keys of the kernel, programs in the kernel, events of the machine.
    "add_key", "keyctl", "request_key", "bpf", "perf_event_open", "userfaultfd", "lookup_dcookie",
    "fanotify_init",
    // Namespaces and mounts.
    "setns", "unshare", "chroot", "mount", "umount", "umount2", "pivot_root", "mount_setattr",
    "move_mount", "open_tree", "open_tree_attr", "fsconfig", "fsmount", "fsopen", "fspick",
    // Other processes, and files by number.
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    "name_to_handle_at", "open_by_handle_at", "migrate_pages", "move_pages", "mbind",
    "set_mempolicy", "set_mempolicy_home_node", "get_mempolicy",
    // The machine.
    "acct", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64", "settimeofday",
    "stime", "create_module", "delete_module", "finit_module", "init_module", "get_kernel_syms",
    "query_module", "kexec_file_load", "kexec_load", "reboot", "swapoff", "swapon", "quotactl",
    "quotactl_fd", "syslog", "sethostname", "setdomainname", "vhangup", "ioperm", "iopl", "uselib",
    "ustat", "sysfs", "_sysctl", "nfsservctl", "vm86", "vm86old"};

// Answered as an older kernel would, so that programs take the way that can be filtered.
constexpr const char* kAbsent[] = {"clone3", "io_uring_enter", "io_uring_register",
                                   "io_uring_setup"};

// A time namespace is only to be had by clone3 and unshare: clone's bit for it is part of the
// signal.
// Kinds of memory that weaken a program: pages that may be run because they may be read, and a page
// at address zero (personality(2)). Others, such as addresses that are not by chance, harm no one.
constexpr std::uint64_t kForbiddenPersonality[] = {0x00400000, 0x00100000};
// 0xffffffff only asks.
constexpr int kPersonalityBits = 32;

// Segments of System V are memory that no look from outside finds: small ones for old interlocks
// (PostgreSQL's) do, of which the kernel allows 4,096.
constexpr scmp_datum_t kLargestSegment = 64 << 10;

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
  for (const char* call : {"socket", "socketpair"}) {
    for (scmp_datum_t family = 3; family < 10; ++family)
      rules.RefuseIf(call, EAFNOSUPPORT, SCMP_A0(SCMP_CMP_EQ, family));
    rules.RefuseIf(call, EAFNOSUPPORT, SCMP_A0(SCMP_CMP_GT, scmp_datum_t{AF_INET6}));
  }
}

// Refused is a forbidden bit while any other bit is not set, since all of them together only ask.
void AddPersonalityRules(Rules& rules) {
  for (const std::uint64_t forbidden : kForbiddenPersonality) {
    for (int bit = 0; bit < kPersonalityBits; ++bit) {
      const std::uint64_t other = std::uint64_t{1} << bit;
      if (other == forbidden) continue;
      rules.RefuseIf("personality", EPERM,
                     SCMP_A0(SCMP_CMP_MASKED_EQ, forbidden | other, forbidden));
    }
  }
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
       {static_cast<unsigned long>(TIOCSTI), static_cast<unsigned long>(TIOCLINUX),
        static_cast<unsigned long>(TIOCSETD)}) {
    rules.RefuseIf("ioctl", EPERM, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffUL, request));
  }
  rules.RefuseIf("shmget", EINVAL, SCMP_A1(SCMP_CMP_GT, kLargestSegment));
  AddSocketRules(rules);
  AddPersonalityRules(rules);
  return rules.status();
}

}  // namespace

StatusOr<std::string> SandboxFilter() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return Internal("cannot make a system call filter");
  // Calls by another table of the same kernel (32 bits, x32) have other numbers: no rule would
  // match them, so whoever makes one is ended.
  if (const int set =
          seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
      set != 0)
    return ErrnoStatus(-set, "cannot refuse the system calls of other tables");
  RETURN_IF_ERROR(Fill(filter.get()));
  UniqueFd file(memfd_create("filter", MFD_CLOEXEC));
  if (!file) return ErrnoStatus(errno, "cannot make a memory file");
  const int result = seccomp_export_bpf(filter.get(), file.get());
  if (result != 0) return ErrnoStatus(-result, "cannot write a system call filter");
  if (lseek(file.get(), 0, SEEK_SET) != 0) return ErrnoStatus(errno, "cannot rewind a memory file");
  return ReadAll(file.get(), kMaxFilterBytes);
}

}  // namespace regreen
