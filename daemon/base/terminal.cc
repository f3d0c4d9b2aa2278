#include "daemon/base/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace regreen {
namespace {

// How soon a new size of the window is seen; a signal would be the whole process's matter.
constexpr int kSizeMilliseconds = 300;

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// False at the end of either side.
bool Pass(int from, int to) {
  char buffer[16 << 10];
  const ssize_t n = read(from, buffer, sizeof buffer);
  if (n < 0 && errno == EINTR) return true;
  return n > 0 && WriteAll(to, {buffer, static_cast<std::size_t>(n)});
}

}  // namespace

StatusOr<std::unique_ptr<TerminalRelay>> TerminalRelay::Start() {
  std::unique_ptr<TerminalRelay> relay(new TerminalRelay());
  if (tcgetattr(STDIN_FILENO, &relay->before_) != 0)
    return FailedPrecondition("a shell needs a terminal, and standard input is none");
  relay->outer_.Reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!relay->outer_ || grantpt(relay->outer_.get()) != 0 || unlockpt(relay->outer_.get()) != 0)
    return ErrnoStatus(errno, "cannot make a pseudo-terminal");
  char name[64];
  if (const int error = ptsname_r(relay->outer_.get(), name, sizeof name); error != 0)
    return ErrnoStatus(error, "cannot name a pseudo-terminal");
  relay->inner_.Reset(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!relay->inner_) return ErrnoStatus(errno, "cannot open a pseudo-terminal");
  relay->stop_.Reset(eventfd(0, EFD_CLOEXEC));
  if (!relay->stop_) return ErrnoStatus(errno, "cannot make an event descriptor");
  relay->FollowSize();
  termios raw = relay->before_;
  cfmakeraw(&raw);
  if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
    return ErrnoStatus(errno, "cannot change the terminal's mode");
  relay->thread_ = std::thread([self = relay.get()] { self->Run(); });
  return relay;
}

TerminalRelay::~TerminalRelay() {
  if (thread_.joinable()) {
    eventfd_write(stop_.get(), 1);
    thread_.join();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
}

void TerminalRelay::FollowSize() {
  winsize wanted = {}, now = {};
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &wanted) != 0) return;
  if (ioctl(outer_.get(), TIOCGWINSZ, &now) == 0 && now.ws_row == wanted.ws_row &&
      now.ws_col == wanted.ws_col)
    return;
  ioctl(outer_.get(), TIOCSWINSZ, &wanted);
}

void TerminalRelay::Run() {
  bool typing = true;
  for (;;) {
    pollfd polled[3] = {{stop_.get(), POLLIN, 0},
                        {outer_.get(), POLLIN, 0},
                        {typing ? STDIN_FILENO : -1, POLLIN, 0}};
    if (poll(polled, 3, kSizeMilliseconds) < 0 && errno != EINTR) return;
    FollowSize();
    // What is still to be printed goes first.
    if ((polled[1].revents & POLLIN) != 0) {
      if (!Pass(outer_.get(), STDOUT_FILENO)) return;
      continue;
    }
    if (polled[0].revents != 0) return;
    if (polled[2].revents != 0) typing = Pass(STDIN_FILENO, outer_.get());
  }
}

}  // namespace regreen
