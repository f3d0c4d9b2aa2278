// Routes to powers that would undo the walls: namespaces, mounts, devices, other processes.
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "fixer.h"

namespace fixer {
namespace {

int Unshare(int, char**) {
  return unshare(CLONE_NEWUSER) != 0 ? Failed("unshare") : Gained("a user namespace");
}

// In the child of a call that made a namespace.
[[noreturn]] void SayAndLeave(const char* what) {
  Gained(what);
  _exit(0);
}

int Clone(int, char**) {
  const long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) SayAndLeave("a user namespace by clone");
  if (child < 0) return Failed("clone");
  waitpid(static_cast<pid_t>(child), nullptr, 0);
  return 0;
}

int Clone3(int, char**) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) SayAndLeave("a user namespace by clone3");
  if (child < 0) return Failed("clone3");
  waitpid(static_cast<pid_t>(child), nullptr, 0);
  return 0;
}

// Into the namespace that another process lives in: of its network, which any process of its user
// may ask for who owns the namespace.
int Enter(int, char** argv) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%s/ns/net", argv[0]);
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return Failed(path);
  return setns(fd, CLONE_NEWNET) != 0 ? Failed("setns") : Gained("another's network");
}

// Mounts where the mount is private to this process and what it starts.
int Mount(int, char** argv) {
  unshare(CLONE_NEWNS);
  mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return mount("x", argv[0], "tmpfs", 0, "size=4k") != 0 ? Failed("mount") : Gained("a mount");
}
int NewMount(int, char**) {
  return syscall(SYS_fsopen, "tmpfs", 0) < 0 ? Failed("fsopen") : Gained("a file system");
}

// The folder that was open before is above the new root.
int LeaveRoot(int, char** argv) {
  const int before = open("/", O_RDONLY | O_DIRECTORY);
  if (chroot(argv[0]) != 0 || fchdir(before) != 0) return Failed("chroot");
  return Gained("a root of its own, and the way out of it");
}

int Device(int, char** argv) {
  const int made = mknod(argv[0], S_IFBLK | 0600, makedev(253, 0));
  return made != 0 ? Failed("mknod") : Gained("a disk");
}

// Opened, not written: were it open to us, a write would harm this machine.
int OpenToWrite(int, char** argv) {
  return open(argv[0], O_WRONLY) < 0 ? Failed(argv[0]) : Gained("a setting of the machine");
}

int Kill(int, char** argv) {
  return kill(static_cast<pid_t>(Number(argv[0])), SIGKILL) != 0 ? Failed("kill") : 0;
}

// Typing into a terminal, as if its user did.
int Type(int, char**) {
  const int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return Failed("ptmx");
  setsid();
  const char* name = ptsname(master);
  const int terminal = name == nullptr ? -1 : open(name, O_RDWR);
  if (terminal < 0) return Failed("terminal");
  ioctl(terminal, TIOCSCTTY, 0);
  return ioctl(terminal, TIOCSTI, "x") != 0 ? Failed("TIOCSTI") : Gained("the keyboard");
}

int Program(int, char**) {
  char attributes[128] = {};
  attributes[0] = 1;  // a socket filter
  syscall(SYS_bpf, 5, attributes, sizeof attributes);
  if (errno != EPERM) return Gained("the kernel's own programs");
  return Failed("bpf");
}

int Faults(int, char**) {
  return syscall(SYS_userfaultfd, 1) < 0 ? Failed("userfaultfd") : Gained("page faults");
}

int Link(int, char** argv) {
  return link(argv[0], argv[1]) != 0 ? Failed("link") : 0;
}

}  // namespace

const Route kEscape[] = {{"unshare", Unshare},
                         {"clone", Clone},
                         {"clone3", Clone3},
                         {"enter", Enter},
                         {"mount", Mount},
                         {"new-mount", NewMount},
                         {"leave-root", LeaveRoot},
                         {"device", Device},
                         {"open-to-write", OpenToWrite},
                         {"kill", Kill},
                         {"type", Type},
                         {"program", Program},
                         {"faults", Faults},
                         {"link", Link},
                         {nullptr, nullptr}};

}  // namespace fixer
