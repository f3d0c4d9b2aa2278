// Routes that use up what the machine has. Each stops by itself far below what would hurt, and says
// how far it came.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fixer.h"

namespace fixer {
namespace {

constexpr std::size_t kMiB = 1 << 20;

// Touched pages, up to so many MiB: in memory that is mapped, or with "file" in a file of memory,
// which belongs to no process's size.
int Memory(int argc, char** argv) {
  const long most = Number(argv[0]);
  const bool file = argc > 1 && std::strcmp(argv[1], "file") == 0;
  const int fd = file ? memfd_create("x", 0) : -1;
  static char block[kMiB];
  std::memset(block, 'x', sizeof block);
  for (long i = 0; i < most; ++i) {
    if (file) {
      if (write(fd, block, sizeof block) != static_cast<ssize_t>(sizeof block))
        return Failed("memory file");
      continue;
    }
    void* page = mmap(nullptr, kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return Failed("mmap");
    std::memset(page, 'x', kMiB);
  }
  Gained("all the memory that it asked for");
  pause();
  return 0;
}

int Processes(int, char** argv) {
  const long most = Number(argv[0]);
  for (long i = 0; i < most; ++i) {
    const pid_t child = fork();
    if (child < 0) return Failed("fork");
    if (child == 0) {
      alarm(30);
      while (true) pause();
    }
  }
  Gained("all the processes that it asked for");
  pause();
  return 0;
}

// One file of so many MiB, in a folder.
int Disk(int, char** argv) {
  const int fd = open((std::string(argv[0]) + "/large").c_str(), O_WRONLY | O_CREAT, 0600);
  const std::vector<char> block(kMiB, 'x');
  signal(SIGXFSZ, SIG_IGN);
  for (long i = 0, most = Number(argv[1]); i < most; ++i) {
    if (write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size()))
      return Failed("write");
  }
  return Gained("all the disk that it asked for");
}

int Sparse(int, char** argv) {
  const int fd = open(argv[0], O_WRONLY | O_CREAT, 0600);
  signal(SIGXFSZ, SIG_IGN);
  return ftruncate(fd, static_cast<off_t>(Number(argv[1])) << 30) != 0
             ? Failed("ftruncate")
             : Gained("a file of any size");
}

int Inodes(int, char** argv) {
  for (long i = 0, most = Number(argv[1]); i < most; ++i) {
    const int fd =
        open((std::string(argv[0]) + "/" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT, 0600);
    if (fd < 0) return Failed("open");
    close(fd);
  }
  return Gained("all the files that it asked for");
}

// A line without an end, of so many MiB.
int Output(int, char** argv) {
  const std::vector<char> block(kMiB, 'x');
  for (long i = 0, most = Number(argv[0]); i < most; ++i)
    if (write(1, block.data(), block.size()) <= 0) return 1;
  return 0;
}

// Folders in folders, deeper than any path may be long.
int Bury(int, char** argv) {
  for (long i = 0, most = Number(argv[0]); i < most; ++i) {
    if (mkdir("a-folder-with-quite-a-long-name", 0700) != 0) return Failed("mkdir");
    if (chdir("a-folder-with-quite-a-long-name") != 0) return Failed("chdir");
  }
  const int fd = open("file", O_WRONLY | O_CREAT, 0600);
  return fd < 0 ? Failed("open") : 0;
}

int Spin(int, char** argv) {
  const time_t end = time(nullptr) + Number(argv[0]);
  while (time(nullptr) < end) {
  }
  return Gained("all the time that it asked for");
}

}  // namespace

const Route kExhaust[] = {{"memory", Memory}, {"processes", Processes}, {"disk", Disk},
                          {"sparse", Sparse}, {"inodes", Inodes},       {"output", Output},
                          {"bury", Bury},     {"spin", Spin},           {nullptr, nullptr}};

}  // namespace fixer
