#include "adapters/workspace/forwarder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "adapters/workspace/relay.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kCannot = 126;
constexpr int kBacklog = 1024;
constexpr std::size_t kMaxPairs = 512;

struct Pair {
  Pair(UniqueFd from, UniqueFd to)
      : inner(std::move(from)), outer(std::move(to)), relay(inner.get(), outer.get()) {}
  UniqueFd inner, outer;
  Relay relay;
};

int Complain(const char* what) {
  std::fprintf(stderr, "regreen: the sandbox's network cannot be offered: %s: %s\n", what,
               std::strerror(errno));
  return kCannot;
}

UniqueFd Listen(int port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound =
      fd && bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(fd.get(), kBacklog) == 0;
  return bound ? std::move(fd) : UniqueFd();
}

UniqueFd Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return UniqueFd();
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool connected =
      fd && connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return connected ? std::move(fd) : UniqueFd();
}

// The command is interrupted from outside, with all that runs in here; what it says then is still
// to be carried.
void TakeInterrupts(void (*handler)(int)) {
  std::signal(SIGINT, handler);
  std::signal(SIGTERM, handler);
}

pid_t Start(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (std::size_t i = 2; i < arguments.size(); ++i)
    argv.push_back(const_cast<char*>(arguments[i].c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  TakeInterrupts(SIG_DFL);
  execvp(argv[0], argv.data());
  _exit(127);
}

void Accept(int listener, const std::string& socket, std::vector<std::unique_ptr<Pair>>& pairs) {
  while (pairs.size() < kMaxPairs) {
    UniqueFd inner(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!inner) return;
    UniqueFd outer = Connect(socket);
    if (outer) pairs.push_back(std::make_unique<Pair>(std::move(inner), std::move(outer)));
  }
}

// Until the child has ended.
void Carry(int child, int listener, const std::string& socket) {
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<pollfd> polled;
  while (true) {
    polled.assign(2 + 2 * pairs.size(), {});
    polled[0] = {child, POLLIN, 0};
    polled[1] = {pairs.size() < kMaxPairs ? listener : -1, POLLIN, 0};
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i]->relay.Ask(&polled[2 + 2 * i]);
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return;
    for (std::size_t i = pairs.size(); i-- > 0;) {
      const bool ready = polled[2 + 2 * i].revents != 0 || polled[3 + 2 * i].revents != 0;
      if (ready && !pairs[i]->relay.Carry(&polled[2 + 2 * i]))
        pairs.erase(pairs.begin() + static_cast<long>(i));
    }
    if (polled[1].revents != 0) Accept(listener, socket, pairs);
  }
}

}  // namespace

int RunForwarder(const std::vector<std::string>& arguments) {
  std::int64_t port = 0;
  if (arguments.size() < 3 || !ParseInt64(arguments[1], &port) || port < 1 || port > 65535) {
    std::fprintf(stderr, "regreen: internal-forward takes a socket, a port and a command\n");
    return kCannot;
  }
  const UniqueFd listener = Listen(static_cast<int>(port));
  if (!listener) return Complain("listening");
  TakeInterrupts(SIG_IGN);
  const pid_t child = Start(arguments);
  if (child < 0) return Complain("starting the command");
  const UniqueFd ended(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (ended) Carry(ended.get(), listener.get(), arguments[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace regreen
