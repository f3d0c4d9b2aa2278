// A long stream of output in bounded memory. One thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {

// Keeps the head and the tail of a stream in at most `cap` bytes.
class CappedText {
 public:
  explicit CappedText(std::size_t cap) : head_cap_(cap / 2), tail_cap_(cap - cap / 2) {}

  void Add(std::string_view bytes) {
    const std::size_t to_head = std::min(bytes.size(), head_cap_ - head_.size());
    head_.append(bytes.substr(0, to_head));
    tail_.append(bytes.substr(to_head));
    // Cutting only at twice the cap makes the cost of each byte constant.
    if (tail_.size() > 2 * tail_cap_ + 4096) CutTail();
  }

  std::string Take(bool* truncated) {
    CutTail();
    if (dropped_ == 0) return std::move(head_.append(tail_));
    *truncated = true;
    Append(head_, "\n[… ", dropped_, " bytes left out …]\n", tail_);
    return std::move(head_);
  }

 private:
  void CutTail() {
    if (tail_.size() <= tail_cap_) return;
    dropped_ += tail_.size() - tail_cap_;
    tail_.erase(0, tail_.size() - tail_cap_);
  }

  const std::size_t head_cap_, tail_cap_;
  std::string head_, tail_;
  std::uint64_t dropped_ = 0;
};

}  // namespace regreen
