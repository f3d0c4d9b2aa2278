#include "tests/canary/suite/plain.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "absl/time/clock.h"
#include "daemon/base/file.h"

namespace regreen::canary {
namespace {

// Of a pipe that a process which lives on may hold open.
void ReadWhatIsThere(int fd, std::string& text) {
  char bytes[16 << 10];
  for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(n));
}

}  // namespace

std::string RunPlain(const std::string& command, const std::string& folder,
                     const std::vector<std::pair<std::string, std::string>>& environment,
                     absl::Duration timeout) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd output(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    fcntl(theirs.get(), F_SETFL, 0);
    dup2(theirs.get(), 1);
    dup2(theirs.get(), 2);
    if (chdir(folder.c_str()) == 0)
      execl("/bin/bash", "bash", "-e", "-o", "pipefail", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  theirs.Reset();
  const UniqueFd ended(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  const absl::Time deadline = absl::Now() + timeout;
  std::string text;
  bool open = true;
  for (absl::Duration left; (left = deadline - absl::Now()) > absl::ZeroDuration();) {
    pollfd polled[2] = {{ended.get(), POLLIN, 0}, {open ? output.get() : -1, POLLIN, 0}};
    poll(polled, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    const std::size_t before = text.size();
    if (polled[1].revents != 0) ReadWhatIsThere(output.get(), text);
    if (polled[1].revents != 0 && text.size() == before) open = false;
    if (polled[0].revents != 0) break;
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ReadWhatIsThere(output.get(), text);
  return text;
}

std::vector<pid_t> Marked(std::string_view mark) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, mistake] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (mistake != std::errc() || end != name.data() + name.size() || pid == getpid()) continue;
    // Unreadable where the process has just ended.
    const auto line = ReadFile(entry.path() / "cmdline", 1 << 20);
    if (line.ok() && line->find(mark) != std::string::npos) found.push_back(pid);
  }
  return found;
}

}  // namespace regreen::canary
