// A connection to a broker's socket that sends any bytes, and a server on loopback that answers
// any.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/file.h"
#include "daemon/base/listener.h"
#include "daemon/base/text.h"

namespace regreen {

inline bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      pollfd polled = {fd, POLLOUT, 0};
      if (poll(&polled, 1, 5000) <= 0) return false;
      continue;
    }
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// Up to and with `mark`, or to the end, or what came within ten seconds of silence.
inline std::string ReadUntil(int fd, std::string_view mark) {
  std::string text;
  char bytes[16 << 10];
  while (mark.empty() || text.find(mark) == std::string::npos) {
    pollfd polled = {fd, POLLIN, 0};
    if (poll(&polled, 1, 10'000) <= 0) break;
    const ssize_t n = recv(fd, bytes, mark.empty() ? sizeof bytes : 1, MSG_DONTWAIT);
    if (n <= 0) break;
    text.append(bytes, static_cast<std::size_t>(n));
  }
  return text;
}

class InnerClient {
 public:
  explicit InnerClient(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd_.Reset();
  }
  bool connected() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }
  bool Send(std::string_view bytes) { return SendAll(fd_.get(), bytes); }
  std::string Read(std::string_view mark = "") { return ReadUntil(fd_.get(), mark); }
  // Sends and reads to the end.
  std::string Ask(std::string_view bytes) {
    Send(bytes);
    return Read();
  }

 private:
  UniqueFd fd_;
};

// Each connection is the test's to serve, on a thread of its own.
class OpenServer {
 public:
  explicit OpenServer(std::function<void(int fd)> serve) {
    ListenerOptions options;
    options.address = "127.0.0.1";
    listener_ = *Listener::Start(options, [serve](const Listener&) -> Listener::Serve {
      return [serve](UniqueFd fd, const std::string&) { serve(fd.get()); };
    });
  }
  int port() const { return listener_->port(); }
  std::string url() const { return Cat("http://127.0.0.1:", port()); }

 private:
  std::unique_ptr<Listener> listener_;
};

}  // namespace regreen
