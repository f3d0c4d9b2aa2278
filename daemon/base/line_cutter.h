// Cuts a stream that comes in pieces into lines. One thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace regreen {

class LineCutter {
 public:
  // A longer line is left out whole.
  explicit LineCutter(std::size_t most_bytes) : most_(most_bytes) {}

  // Calls `take` with each line that ends in these bytes, without its line break.
  template <class Take>
  void Feed(std::string_view bytes, const Take& take) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      if (pending_.size() + part.size() > most_) {
        pending_.clear();
        skipping_ = true;
      }
      if (!skipping_) pending_ += part;
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      TakePending(take);
    }
  }
  // And with what stands at the end without a line break.
  template <class Take>
  void End(const Take& take) {
    if (skipping_ || !pending_.empty()) TakePending(take);
  }
  int left_out() const { return left_out_; }

 private:
  template <class Take>
  void TakePending(const Take& take) {
    if (skipping_) {
      ++left_out_;
    } else {
      take(std::string_view(pending_));
    }
    pending_.clear();
    skipping_ = false;
  }

  const std::size_t most_;
  std::string pending_;
  bool skipping_ = false;  // the rest of a line that is too long
  int left_out_ = 0;
};

}  // namespace regreen
