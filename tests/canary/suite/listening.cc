#include "tests/canary/suite/listening.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen::canary {

Listening::Listening(const std::string& folder) {
  AddInternet("tcp", AF_INET, SOCK_STREAM);
  AddInternet("tcp6", AF_INET6, SOCK_STREAM);
  AddInternet("udp", AF_INET, SOCK_DGRAM);
  AddInternet("dns", AF_INET, SOCK_DGRAM);
  const std::string name = Cat("regreen-canary-", RandomHex(6));
  AddUnix("stream", SOCK_STREAM, name, true);
  AddUnix("datagram", SOCK_DGRAM, name + "-d", true);
  AddUnix("path", SOCK_STREAM, folder + "/socket", false);
}

void Listening::AddInternet(const std::string& name, int family, int type) {
  Socket& made = sockets_[name];
  made.stream = type == SOCK_STREAM;
  UniqueFd fd(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_loopback;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* address =
      family == AF_INET ? reinterpret_cast<sockaddr*>(&four) : reinterpret_cast<sockaddr*>(&six);
  socklen_t size = family == AF_INET ? sizeof four : sizeof six;
  if (!fd || bind(fd.get(), address, size) != 0) return;  // a machine without IPv6
  EXPECT_TRUE(!made.stream || listen(fd.get(), 64) == 0);
  getsockname(fd.get(), address, &size);
  made.port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
  made.fd = std::move(fd);
}

void Listening::AddUnix(const std::string& name, int type, const std::string& where,
                        bool abstract) {
  Socket& made = sockets_[name];
  made.stream = type == SOCK_STREAM;
  made.address = where;
  made.fd = UniqueFd(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t at = abstract ? 1 : 0;
  where.copy(address.sun_path + at, sizeof address.sun_path - 1 - at);
  const std::size_t size = offsetof(sockaddr_un, sun_path) + at + where.size() + (abstract ? 0 : 1);
  EXPECT_EQ(
      bind(made.fd.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(size)), 0);
  EXPECT_TRUE(!made.stream || listen(made.fd.get(), 64) == 0);
}

int Listening::port(const std::string& name) const {
  return sockets_.at(name).port;
}

const std::string& Listening::address(const std::string& name) const {
  return sockets_.at(name).address;
}

std::string Listening::Reached() {
  std::string reached;
  for (auto& [name, socket] : sockets_) {
    char bytes[4096];
    bool came = false;
    while (socket.fd) {
      if (!socket.stream) {
        if (recv(socket.fd.get(), bytes, sizeof bytes, MSG_DONTWAIT) < 0) break;
      } else if (!UniqueFd(accept4(socket.fd.get(), nullptr, nullptr, SOCK_CLOEXEC))) {
        break;
      }
      came = true;
    }
    if (came) Append(reached, name, " ");
  }
  return reached;
}

}  // namespace regreen::canary
