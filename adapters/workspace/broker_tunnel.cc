#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "adapters/workspace/broker_state.h"
#include "adapters/workspace/relay.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using Time = std::chrono::steady_clock::time_point;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kConnectTimeout = std::chrono::seconds(10);
constexpr auto kIdleTimeout = std::chrono::seconds(60);
constexpr char kEstablished[] = "HTTP/1.1 200 Connection Established\r\n\r\n";

int MillisUntil(Time until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

// Of the addresses that were looked at, the first that answers.
UniqueFd Connect(const std::vector<sockaddr_storage>& addresses, int stop_fd) {
  for (const sockaddr_storage& address : addresses) {
    UniqueFd fd(socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) continue;
    const socklen_t size =
        address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return fd;
    if (errno != EINPROGRESS) continue;
    const Time until = SteadyClock::now() + kConnectTimeout;
    pollfd polled[2] = {{fd.get(), POLLOUT, 0}, {stop_fd, POLLIN, 0}};
    int ready;
    do {
      ready = poll(polled, 2, MillisUntil(until));
    } while (ready < 0 && errno == EINTR);
    if (polled[1].revents != 0) return UniqueFd();
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (ready > 0 && error == 0) return fd;
  }
  return UniqueFd();
}

// The end, as a clause.
const char* Carry(Relay& relay, SetInUse& in_use, int stop_fd) {
  const Time deadline = SteadyClock::now() + absl::ToChronoNanoseconds(in_use.set.timeout);
  std::uint64_t counted = 0;
  while (true) {
    pollfd polled[3];
    relay.Ask(polled);
    polled[2] = {stop_fd, POLLIN, 0};
    const Time idle = SteadyClock::now() + kIdleTimeout;
    const int ready = poll(polled, 3, MillisUntil(std::min(idle, deadline)));
    if (ready < 0 && errno != EINTR) return "broke";
    if (ready > 0 && polled[2].revents != 0) return "ended with the workspace";
    if (SteadyClock::now() >= deadline) return "was ended after its time";
    if (ready == 0 && SteadyClock::now() >= idle) return "was idle for too long";
    if (ready <= 0) continue;
    const bool open = relay.Carry(polled);
    const std::uint64_t moved = relay.from_a() + relay.from_b();
    in_use.bytes += static_cast<std::int64_t>(moved - counted);
    counted = moved;
    if (!open) return "ended";
    if (in_use.bytes_left() <= 0) return "was ended: the set's max_bytes are used up";
  }
}

// What came right behind the head is the tunnel's.
void TakeBuffered(TimedSocket& socket, Relay& relay) {
  std::string early;
  char bytes[4096];
  while (socket.has_buffered()) {
    const ssize_t n = socket.Read(bytes, sizeof bytes);
    if (n <= 0) break;
    early.append(bytes, static_cast<std::size_t>(n));
  }
  relay.Preload(early);
}

}  // namespace

void ServeTunnel(BrokerState& state, TimedSocket& socket, const RequestHead& head, int stop_fd) {
  const std::string what = Cat("CONNECT ", head.target);
  const auto target = ParseHostPort(head.target);
  if (!target.ok()) return Refuse(state, socket, 400, what, Message(target.status()));
  const auto found = std::find_if(state.sets.begin(), state.sets.end(), [&](const auto& named) {
    return named.second->set.kind == "packages" && AllowsHost(named.second->set, *target);
  });
  if (found == state.sets.end())
    return Refuse(state, socket, 403, what, "no egress set of this workspace allows it");
  SetInUse& in_use = *found->second;
  const PlaceInSet place(in_use, in_use.set.max_connections);
  if (!place.taken())
    return Refuse(state, socket, 429, what, "the set's max_connections are open already");
  if (in_use.bytes_left() <= 0)
    return Refuse(state, socket, 429, what, "the set's max_bytes are used up");
  auto addresses = state.resolve(*target);
  if (!addresses.ok()) return Refuse(state, socket, 502, what, Message(addresses.status()));
  if (!in_use.set.allow_private)
    std::erase_if(*addresses, [](const auto& address) { return !IsPublicAddress(address); });
  if (addresses->empty()) {
    return Refuse(state, socket, 403, what,
                  "its name leads to an address that is not the internet's; allow_private = true "
                  "would allow that");
  }
  const UniqueFd outside = Connect(*addresses, stop_fd);
  if (!outside) return Refuse(state, socket, 502, what, "there is no connection to it");
  if (!WriteAll(socket, kEstablished)) return;
  const Time begin = SteadyClock::now();
  Relay relay(socket.fd(), outside.get());
  TakeBuffered(socket, relay);
  const char* end = Carry(relay, in_use, stop_fd);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin);
  state.notes.Add(Cat(found->first, ": ", what, " ", end, ": ", relay.from_a(), " bytes out, ",
                      relay.from_b(), " in, ", took.count(), " ms"));
}

}  // namespace regreen
