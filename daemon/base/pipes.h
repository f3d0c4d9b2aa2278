// Descriptors that programs are given, and our ends of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/base/byte_sink.h"
#include "daemon/base/file.h"
#include "daemon/base/status.h"

namespace regreen {

struct Pipe {
  UniqueFd read, write;
};

// All are closed on exec.
StatusOr<Pipe> MakePipe();
StatusOr<UniqueFd> DuplicateFd(int fd, int lowest = 3);
// Bytes that can be read without a writer on the other side: no deadlock, no SIGPIPE, any size.
StatusOr<UniqueFd> MemoryFile(std::string_view bytes);

// Our end of a pipe that a program reads. Its owner polls.
class PipeWriter final : public ByteSink {
 public:
  // A program that leaves more than this unread is written to no more: its input ends.
  static constexpr std::size_t kMostUnread = 16 << 20;

  PipeWriter() = default;
  explicit PipeWriter(UniqueFd pipe);  // made non-blocking

  void Write(std::string_view bytes) override;
  void Close() override;
  // To be polled for writing; -1 when there is nothing to write.
  int waiting_fd() const { return pending_.empty() ? -1 : pipe_.get(); }
  // Writes what the pipe takes now.
  void Flush();

 private:
  UniqueFd pipe_;
  std::string pending_;
  bool closing_ = false;
};

}  // namespace regreen
