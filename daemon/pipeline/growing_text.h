// A long record that is shown while it grows, in bounded memory. One thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {

// Made of parts that are kept or left out whole. What is taken is added to what was taken before:
// the first half of the cap as it comes, and at the end the last parts that fit into the other
// half.
class GrowingText {
 public:
  explicit GrowingText(std::size_t cap) : head_cap_(cap / 2), tail_cap_(cap - cap / 2) {}

  void Add(std::string part) {
    if (tail_.empty() && dropped_ == 0 && head_size_ + part.size() <= head_cap_) {
      head_size_ += part.size();
      new_ += part;
      return;
    }
    tail_size_ += part.size();
    tail_.push_back(std::move(part));
    while (tail_size_ > tail_cap_) {
      tail_size_ -= tail_.front().size();
      dropped_ += tail_.front().size();
      tail_.pop_front();
    }
  }

  bool has_new() const { return !new_.empty(); }
  std::string TakeNew() { return std::exchange(new_, {}); }
  // When nothing more is added. A line says how much was left out.
  std::string TakeEnd() {
    std::string end = TakeNew();
    if (dropped_ > 0) Append(end, "\n[… ", dropped_, " bytes left out …]\n");
    for (const std::string& part : tail_) end += part;
    return end;
  }

 private:
  const std::size_t head_cap_, tail_cap_;
  std::size_t head_size_ = 0, tail_size_ = 0;
  std::string new_;
  std::deque<std::string> tail_;
  std::uint64_t dropped_ = 0;
};

}  // namespace regreen
