#include "daemon/base/timed_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace regreen {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kBufferBytes = 16 << 10;
// How long a request that is still being sent may go on once the server stops.
constexpr auto kStopGrace = std::chrono::seconds(1);
constexpr auto kLinger = std::chrono::seconds(2);
constexpr auto kStoppedLinger = std::chrono::milliseconds(100);
constexpr std::size_t kLingerBytes = 64 << 20;

}  // namespace

TimedSocket::TimedSocket(UniqueFd fd, int stop_fd, SocketLimits limits)
    : fd_(std::move(fd)), stop_fd_(stop_fd), limits_(limits), buffer_(kBufferBytes) {}

// True when one of `events` may be tried; false at `until`.
bool TimedSocket::Wait(short events, Time until) {
  while (true) {
    if (stopping_) until = std::min(until, deadline_);
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
    if (left <= 0) return false;
    pollfd polled[2] = {{fd_.get(), events, 0}, {stop_fd_, POLLIN, 0}};
    const int ready =
        poll(polled, stopping_ ? 1 : 2, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    if (polled[0].revents != 0) return true;
    if (!stopping_ && polled[1].revents != 0) {
      stopping_ = true;
      if (!writing_) deadline_ = std::min(deadline_, SteadyClock::now() + kStopGrace);
    }
  }
}

bool TimedSocket::AwaitRequest(absl::Duration idle) {
  if (refuse_reads_) return false;
  if (has_buffered()) return true;
  pollfd polled[2] = {{fd_.get(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  int ready;
  do {
    ready = poll(polled, 2, static_cast<int>(absl::ToInt64Milliseconds(idle)));
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && polled[0].revents != 0 && polled[1].revents == 0;
}

void TimedSocket::BeginRequest() {
  deadline_ = SteadyClock::now() + absl::ToChronoNanoseconds(limits_.request_deadline);
  head_left_ = limits_.max_head_bytes;
  in_head_ = true;
  writing_ = timed_out_ = head_too_long_ = false;
}

ssize_t TimedSocket::Receive(char* to, std::size_t size) {
  while (true) {
    const ssize_t n = recv(fd_.get(), to, size, MSG_DONTWAIT);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    const auto pause = SteadyClock::now() + absl::ToChronoNanoseconds(limits_.read_timeout);
    if (!Wait(POLLIN, std::min(pause, deadline_))) {
      timed_out_ = true;
      return -1;
    }
  }
}

ssize_t TimedSocket::Read(char* to, std::size_t size) {
  if (refuse_reads_) return -1;
  if (in_head_) {
    if (head_left_ == 0) {
      head_too_long_ = true;
      return -1;
    }
    size = std::min(size, head_left_);
  }
  if (!has_buffered()) {
    if (!in_head_ && size >= buffer_.size()) return Receive(to, size);
    const ssize_t n = Receive(buffer_.data(), buffer_.size());
    if (n <= 0) return n;
    begin_ = 0;
    end_ = static_cast<std::size_t>(n);
  }
  const std::size_t taken = std::min(size, end_ - begin_);
  std::memcpy(to, buffer_.data() + begin_, taken);
  begin_ += taken;
  if (in_head_) head_left_ -= taken;
  return static_cast<ssize_t>(taken);
}

ssize_t TimedSocket::Write(const char* from, std::size_t size) {
  if (!writing_) {
    writing_ = true;
    deadline_ = SteadyClock::now() + absl::ToChronoNanoseconds(limits_.request_deadline);
  }
  while (true) {
    const ssize_t n = send(fd_.get(), from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (!Wait(POLLOUT, deadline_)) return -1;
  }
}

void TimedSocket::BeginPiece() {
  writing_ = true;
  deadline_ = SteadyClock::now() + absl::ToChronoNanoseconds(limits_.request_deadline);
}

bool TimedSocket::Idle(absl::Duration time) {
  const Time until = SteadyClock::now() + absl::ToChronoNanoseconds(time);
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
    if (left <= 0) return true;
    pollfd polled[2] = {{fd_.get(), POLLRDHUP, 0}, {stop_fd_, POLLIN, 0}};
    const int ready = poll(polled, 2, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return false;
  }
}

void TimedSocket::Linger() {
  shutdown(fd_.get(), SHUT_WR);
  if (stopping_) {
    deadline_ = SteadyClock::now() + kStoppedLinger;
  } else {
    deadline_ = SteadyClock::now() + kLinger;
  }
  for (std::size_t discarded = 0; discarded < kLingerBytes;) {
    const ssize_t n = recv(fd_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n == 0) return;
    if (n > 0) {
      discarded += static_cast<std::size_t>(n);
      if (SteadyClock::now() > deadline_) return;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!Wait(POLLIN, deadline_)) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace regreen
