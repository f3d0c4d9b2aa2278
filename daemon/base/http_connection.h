// What one connection of the server is read from and written to. Private to http_server.cc.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>

#include "daemon/base/http.h"
#include "daemon/base/http_library.h"
#include "daemon/base/timed_socket.h"

namespace regreen {

// Bytes of bodies held by all connections together.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit) : limit_(limit) {}
  bool Take(std::size_t bytes) {
    const std::size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= limit_) return true;
    Give(bytes);
    return false;
  }
  void Give(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
};

// What cpp-httplib reads from and writes to.
class SocketStream final : public httplib::Stream {
 public:
  explicit SocketStream(TimedSocket& socket) : socket_(socket) {}
  bool is_readable() const override { return socket_.has_buffered(); }
  bool wait_readable() const override { return true; }  // waiting is done by read()
  bool wait_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override { return socket_.Read(to, size); }
  ssize_t write(const char* from, std::size_t size) override {
    return mute_ ? static_cast<ssize_t>(size) : socket_.Write(from, size);
  }
  // An answer was written beside the library: its own goes nowhere.
  void Mute() { mute_ = true; }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_.fd(); }
  time_t duration() const override { return 0; }

 private:
  TimedSocket& socket_;
  bool mute_ = false;
};

// The body of one answer, to its end.
class OpenAnswer final : public HttpStream {
 public:
  explicit OpenAnswer(TimedSocket& socket) : socket_(socket) {}
  bool Write(std::string_view bytes) override {
    socket_.BeginPiece();
    while (!gone_ && !bytes.empty()) {
      const ssize_t n = socket_.Write(bytes.data(), bytes.size());
      gone_ = n <= 0;
      if (!gone_) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return !gone_;
  }
  bool Wait(absl::Duration time) override { return !gone_ && socket_.Idle(time); }

 private:
  TimedSocket& socket_;
  bool gone_ = false;
};

}  // namespace regreen
