// Carries bytes between two sockets, both ways, without waiting: its owner polls.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace regreen {

// The sockets are borrowed. One thread.
class Relay {
 public:
  Relay(int a, int b);

  // Bytes that were read of `a` before.
  void Preload(std::string_view bytes);
  // Fills in two entries.
  void Ask(pollfd* two) const;
  // Moves what can be moved, after a poll of these entries. False when both ways have ended, or a
  // peer has gone and all that it said is delivered.
  bool Carry(const pollfd* two);

  std::uint64_t from_a() const { return ways_[0].moved; }
  std::uint64_t from_b() const { return ways_[1].moved; }

 private:
  struct Way {
    int from, to;
    std::vector<char> buffer;
    std::size_t begin = 0, end = 0;
    bool finished = false;  // nothing more comes
    bool closed = false;    // and the other side was told
    std::uint64_t moved = 0;
    bool empty() const { return begin == end; }
  };
  static void Move(Way& way);

  Way ways_[2];
  bool gone_[2] = {false, false};
};

}  // namespace regreen
