// A TCP connection that sends any bytes, for what no well-behaved client sends.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "daemon/base/file.h"

namespace regreen {

class RawConnection {
 public:
  explicit RawConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd_.Reset();
  }

  bool connected() const { return static_cast<bool>(fd_); }

  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // Everything up to the end of the connection, or as much as came within five seconds.
  std::string ReadToEnd() { return ReadUntil(""); }

  // Everything up to and with `mark`, or up to the end. What follows the mark may be lost.
  std::string ReadUntil(std::string_view mark) {
    std::string text;
    char buffer[4096];
    pollfd polled{fd_.get(), POLLIN, 0};
    while (mark.empty() || text.find(mark) == std::string::npos) {
      if (poll(&polled, 1, 5000) <= 0) break;
      const ssize_t n = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) break;
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }

 private:
  UniqueFd fd_;
};

}  // namespace regreen
