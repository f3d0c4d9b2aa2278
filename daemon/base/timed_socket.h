// One accepted connection with every wait bounded, so that a slow peer costs a thread for a known
// time only. For one thread at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/file.h"

namespace regreen {

struct SocketLimits {
  absl::Duration read_timeout;      // between bytes
  absl::Duration request_deadline;  // for reading the whole of a request, and again for its answer
  std::size_t max_head_bytes;       // of the request line and the headers
};

class TimedSocket {
 public:
  // `fd` does not block. `stop_fd` becomes readable when the server stops, and outlives this.
  TimedSocket(UniqueFd fd, int stop_fd, SocketLimits limits);

  // Waits for the first byte of the next request. False after `idle`, when the peer has gone, or
  // when the server stops.
  bool AwaitRequest(absl::Duration idle);
  void BeginRequest();  // starts the deadline and the head's budget
  void EndHead() { in_head_ = false; }

  // As read(2) and write(2), but -1 also when a limit was met.
  ssize_t Read(char* to, std::size_t size);
  ssize_t Write(const char* from, std::size_t size);

  // For an answer without a known end: each piece has the deadline of a whole answer.
  void BeginPiece();
  // True after `time`; false as soon as the peer has closed or the server stops.
  bool Idle(absl::Duration time);

  bool has_buffered() const { return begin_ < end_; }
  bool timed_out() const { return timed_out_; }
  bool head_too_long() const { return head_too_long_; }
  // From now on nothing more is read: what still comes belongs to a request that was refused.
  void RefuseReads() { refuse_reads_ = true; }
  bool refuses_reads() const { return refuse_reads_; }
  // Lets a peer that is still sending see our answer before the connection ends: a close with
  // unread bytes would reset it.
  void Linger();

  int fd() const { return fd_.get(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  ssize_t Receive(char* to, std::size_t size);
  bool Wait(short events, Time until);

  UniqueFd fd_;
  const int stop_fd_;
  const SocketLimits limits_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  Time deadline_;
  std::size_t head_left_ = 0;
  bool in_head_ = false, writing_ = false, stopping_ = false;
  bool timed_out_ = false, head_too_long_ = false, refuse_reads_ = false;
};

}  // namespace regreen
