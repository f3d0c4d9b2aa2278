// Routes that read what is not theirs, and the process that they read it from.
#include <fcntl.h>
#include <sys/klog.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "fixer.h"

namespace fixer {
namespace {

constexpr std::size_t kSecretBytes = 64;

int Print(const char* bytes, ssize_t size) {
  if (size <= 0) return Failed("nothing was read");
  std::fwrite(bytes, 1, static_cast<std::size_t>(size), stdout);
  return 0;
}

// Stands for the daemon: its environment, arguments and descriptors hold secrets, and so does its
// memory, by way of its standard input. Prints where, and lives as long as its input is open.
int StandIn(int, char**) {
  static char secret[kSecretBytes];
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  if (read(0, secret, sizeof secret) <= 0) return 1;
  std::printf("%p\n", static_cast<void*>(secret));
  char rest;
  while (read(0, &rest, 1) > 0) {
  }
  return 0;
}

int ProcMemory(int, char** argv) {
  char path[64], bytes[kSecretBytes];
  std::snprintf(path, sizeof path, "/proc/%s/mem", argv[0]);
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return Failed(path);
  return Print(bytes, pread(fd, bytes, sizeof bytes, static_cast<off_t>(Address(argv[1]))));
}

int VmRead(int, char** argv) {
  char bytes[kSecretBytes];
  const iovec ours = {bytes, sizeof bytes};
  const iovec theirs = {reinterpret_cast<void*>(Address(argv[1])), sizeof bytes};
  return Print(bytes,
               process_vm_readv(static_cast<pid_t>(Number(argv[0])), &ours, 1, &theirs, 1, 0));
}

int Trace(int, char** argv) {
  const auto pid = static_cast<pid_t>(Number(argv[0]));
  if (ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) return Failed("ptrace");
  ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
  waitpid(pid, nullptr, __WALL);
  long words[kSecretBytes / sizeof(long)];
  for (std::size_t i = 0; i < sizeof words / sizeof *words; ++i) {
    words[i] = ptrace(PTRACE_PEEKDATA, pid,
                      reinterpret_cast<void*>(Address(argv[1]) + i * sizeof(long)), nullptr);
  }
  ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  return Print(reinterpret_cast<const char*>(words), sizeof words);
}

int StealDescriptor(int, char** argv) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, Number(argv[0]), 0));
  if (process < 0) return Failed("pidfd_open");
  const int fd = static_cast<int>(syscall(SYS_pidfd_getfd, process, Number(argv[1]), 0));
  if (fd < 0) return Failed("pidfd_getfd");
  char bytes[kSecretBytes];
  return Print(bytes, pread(fd, bytes, sizeof bytes, 0));
}

// Whatever was left open when this was started.
int Inherited(int, char**) {
  int found = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    char bytes[kSecretBytes];
    const ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    if (n > 0 && Print(bytes, n) == 0) ++found;
  }
  return found > 0 ? 0 : 1;
}

int SharedMemory(int, char** argv) {
  const int id = shmget(static_cast<key_t>(Number(argv[0])), 0, 0);
  if (id < 0) return Failed("shmget");
  const void* bytes = shmat(id, nullptr, SHM_RDONLY);
  if (bytes == reinterpret_cast<void*>(-1)) return Failed("shmat");
  std::printf("%s\n", static_cast<const char*>(bytes));
  return 0;
}

int Keyring(int, char** argv) {
  constexpr long kSearch = 10, kRead = 11, kUserKeyring = -4;
  const long key = syscall(SYS_keyctl, kSearch, kUserKeyring, "user", argv[0], 0);
  if (key < 0) return Failed("keyctl");
  char bytes[kSecretBytes];
  return Print(bytes, syscall(SYS_keyctl, kRead, key, bytes, sizeof bytes, 0));
}

int KernelLog(int, char**) {
  std::vector<char> bytes(1 << 20);
  constexpr int kReadAll = 3;
  return Print(bytes.data(), klogctl(kReadAll, bytes.data(), static_cast<int>(bytes.size())));
}

// A file by the number that its file system knows it by: TYPE HEX, as a path's way is barred.
int ByHandle(int, char** argv) {
  std::vector<char> memory(sizeof(file_handle) + MAX_HANDLE_SZ);
  auto* handle = reinterpret_cast<file_handle*>(memory.data());
  handle->handle_type = static_cast<int>(Number(argv[0]));
  for (const char* hex = argv[1]; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
    const char byte[] = {hex[0], hex[1], '\0'};
    handle->f_handle[handle->handle_bytes++] =
        static_cast<unsigned char>(std::strtol(byte, nullptr, 16));
  }
  const int here = open(".", O_RDONLY | O_DIRECTORY);
  const int fd = open_by_handle_at(here, handle, O_RDONLY);
  if (fd < 0) return Failed("open_by_handle_at");
  char bytes[kSecretBytes];
  return Print(bytes, read(fd, bytes, sizeof bytes));
}

}  // namespace

const Route kReading[] = {{"stand-in", StandIn},
                          {"proc-memory", ProcMemory},
                          {"vm-read", VmRead},
                          {"trace", Trace},
                          {"steal-descriptor", StealDescriptor},
                          {"inherited", Inherited},
                          {"shared-memory", SharedMemory},
                          {"keyring", Keyring},
                          {"kernel-log", KernelLog},
                          {"by-handle", ByHandle},
                          {nullptr, nullptr}};

}  // namespace fixer
