// Routes that reach for another process by a socket.
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "fixer.h"

namespace fixer {
namespace {

constexpr char kSpoils[] = "spoils of the fixer\n";
constexpr int kPatience = 3000;  // milliseconds

// Connects, says something, and leaves.
int Tell(int fd, const void* address, std::size_t size) {
  if (fd < 0) return Failed("socket");
  if (connect(fd, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) != 0)
    return Failed("connect");
  if (send(fd, kSpoils, sizeof kSpoils - 1, MSG_NOSIGNAL) < 0) return Failed("send");
  std::printf("sent\n");
  return 0;
}

sockaddr_in Loopback(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(Number(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Tcp(int, char** argv) {
  const sockaddr_in address = Loopback(argv[0]);
  return Tell(socket(AF_INET, SOCK_STREAM, 0), &address, sizeof address);
}

int Tcp6(int, char** argv) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<unsigned short>(Number(argv[0])));
  address.sin6_addr = in6addr_loopback;
  return Tell(socket(AF_INET6, SOCK_STREAM, 0), &address, sizeof address);
}

int Udp(int, char** argv) {
  const sockaddr_in address = Loopback(argv[0]);
  return Tell(socket(AF_INET, SOCK_DGRAM, 0), &address, sizeof address);
}

// A question whose name carries the spoils, to a resolver on this machine.
int Dns(int, char** argv) {
  unsigned char question[] =
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
      "\x06spoils\x04"
      "test\x00\x00\x01\x00\x01";
  const sockaddr_in address = Loopback(argv[0]);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (sendto(fd, question, sizeof question - 1, 0, reinterpret_cast<const sockaddr*>(&address),
             sizeof address) < 0)
    return Failed("sendto");
  return 0;
}

int Unix(int type, const char* name, bool abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t at = abstract ? 1 : 0;
  std::strncpy(address.sun_path + at, name, sizeof address.sun_path - 1 - at);
  const std::size_t size =
      offsetof(sockaddr_un, sun_path) + at + std::strlen(name) + (abstract ? 0 : 1);
  return Tell(socket(AF_UNIX, type, 0), &address, size);
}
int Abstract(int, char** argv) {
  return Unix(SOCK_STREAM, argv[0], true);
}
int AbstractDatagram(int, char** argv) {
  return Unix(SOCK_DGRAM, argv[0], true);
}
int Path(int, char** argv) {
  return Unix(SOCK_STREAM, argv[0], false);
}

// Families that know no network namespace, or that speak with the kernel itself.
int Family(int family, int type, int protocol, const char* name) {
  return socket(family, type, protocol) < 0 ? Failed(name) : Gained(name);
}
int Vsock(int, char**) {
  return Family(AF_VSOCK, SOCK_STREAM, 0, "a vsock socket");
}
int Netlink(int, char**) {
  return Family(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, "a netlink socket");
}
int Packet(int, char**) {
  return Family(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL), "a packet socket");
}
int RawIp(int, char**) {
  return Family(AF_INET, SOCK_RAW, IPPROTO_ICMP, "a raw socket");
}

// The filter names the calls of one architecture; this asks in the way of another.
int OldCalls(int, char**) {
#if defined(__x86_64__)
  long fd;
  constexpr long kSocketOfI386 = 359;
  asm volatile("int $0x80"
               : "=a"(fd)
               : "a"(kSocketOfI386), "b"(static_cast<long>(AF_NETLINK)),
                 "c"(static_cast<long>(SOCK_RAW)), "d"(0L)
               : "memory", "r8", "r9", "r10", "r11");
  if (fd >= 0) return Gained("a netlink socket by a call of i386");
  errno = static_cast<int>(-fd);
#else
  errno = ENOSYS;
#endif
  return Failed("int 0x80");
}

int Ring(int, char**) {
  char parameters[120] = {};
  return syscall(SYS_io_uring_setup, 4, parameters) < 0 ? Failed("io_uring_setup")
                                                        : Gained("a ring of system calls");
}

// Waits at a port of loopback and at an abstract name for a companion in another workspace.
int Await(int, char** argv) {
  const sockaddr_in address = Loopback(argv[0]);
  const int port = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  std::strncpy(local.sun_path + 1, argv[1], sizeof local.sun_path - 2);
  const int name = socket(AF_UNIX, SOCK_STREAM, 0);
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + std::strlen(argv[1]));
  if (bind(port, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      bind(name, reinterpret_cast<const sockaddr*>(&local), size) != 0 || listen(port, 4) != 0 ||
      listen(name, 4) != 0)
    return Failed("bind");
  pollfd waiting[2] = {{port, POLLIN, 0}, {name, POLLIN, 0}};
  poll(waiting, 2, kPatience);
  if (waiting[0].revents != 0) Gained("a companion at a port");
  if (waiting[1].revents != 0) Gained("a companion at a name");
  return 0;
}

// Sends what is on standard input to a port of loopback and prints the answer's beginning.
int Talk(int, char** argv) {
  char bytes[64 << 10];
  std::size_t size = 0;
  for (ssize_t n; (n = read(0, bytes + size, sizeof bytes - size)) > 0;)
    size += static_cast<std::size_t>(n);
  const sockaddr_in address = Loopback(argv[0]);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Failed("connect");
  for (std::size_t sent = 0; sent < size;) {
    const ssize_t n = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
    if (n <= 0) return Failed("send");
    sent += static_cast<std::size_t>(n);
  }
  for (pollfd answered = {fd, POLLIN, 0}; poll(&answered, 1, kPatience) > 0;) {
    const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) break;
    std::fwrite(bytes, 1, static_cast<std::size_t>(n), stdout);
  }
  return 0;
}

}  // namespace

const Route kNetwork[] = {{"tcp", Tcp},
                          {"tcp6", Tcp6},
                          {"udp", Udp},
                          {"dns", Dns},
                          {"abstract", Abstract},
                          {"abstract-datagram", AbstractDatagram},
                          {"path", Path},
                          {"vsock", Vsock},
                          {"netlink", Netlink},
                          {"packet", Packet},
                          {"raw", RawIp},

                          {"old-calls", OldCalls},
                          {"ring", Ring},
                          {"talk", Talk},
                          {"await", Await},
                          {nullptr, nullptr}};

}  // namespace fixer
