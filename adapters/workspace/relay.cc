#include "adapters/workspace/relay.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace regreen {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;

bool MustWait(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

Relay::Relay(int a, int b) : ways_{{a, b, {}}, {b, a, {}}} {
  for (Way& way : ways_) way.buffer.resize(kBufferBytes);
}

void Relay::Preload(std::string_view bytes) {
  Way& way = ways_[0];
  if (bytes.size() > way.buffer.size()) way.buffer.resize(bytes.size());
  std::copy(bytes.begin(), bytes.end(), way.buffer.begin());
  way.begin = 0;
  way.end = bytes.size();
}

void Relay::Ask(pollfd* two) const {
  for (int i = 0; i < 2; ++i) {
    const Way &out = ways_[i], &in = ways_[1 - i];
    short events = 0;
    if (!out.finished && out.empty()) events |= POLLIN;
    if (!in.empty()) events |= POLLOUT;
    // A peer that has gone is reported again and again, whatever is asked.
    two[i] = {events == 0 && gone_[i] ? -1 : out.from, events, 0};
  }
}

// A way that breaks has ended; what the other still carries is delivered.
void Relay::Move(Way& way) {
  if (way.empty() && !way.finished) {
    const ssize_t n = recv(way.from, way.buffer.data(), way.buffer.size(), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && !MustWait(errno))) way.finished = true;
    way.begin = 0;
    way.end = n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  if (!way.empty()) {
    const ssize_t n = send(way.to, way.buffer.data() + way.begin, way.end - way.begin,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && !MustWait(errno)) {
      way.finished = true;
      way.begin = way.end;
    }
    if (n > 0) {
      way.begin += static_cast<std::size_t>(n);
      way.moved += static_cast<std::uint64_t>(n);
    }
  }
  if (way.empty() && way.finished && !way.closed) {
    shutdown(way.to, SHUT_WR);
    way.closed = true;
  }
}

bool Relay::Carry(const pollfd* two) {
  for (int i = 0; i < 2; ++i) {
    gone_[i] = gone_[i] || (two[i].revents & (POLLHUP | POLLERR)) != 0;
    Move(ways_[i]);
  }
  for (int i = 0; i < 2; ++i)
    if (gone_[i] && ways_[i].closed) return false;
  return !(ways_[0].closed && ways_[1].closed);
}

}  // namespace regreen
