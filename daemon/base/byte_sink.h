// Where bytes are written to, one piece after the other.
#pragma once

#include <string_view>

namespace regreen {

// Of one thread. Neither call waits: what cannot be taken yet is kept, and goes when it can.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Bytes for a reader that has gone, or after Close(), are dropped.
  virtual void Write(std::string_view bytes) = 0;
  // The reader sees the end after all that was written.
  virtual void Close() = 0;
};

}  // namespace regreen
