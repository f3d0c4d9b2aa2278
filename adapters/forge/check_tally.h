// Adds up what single checks say of a commit.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/ports/change_care.h"

namespace regreen {

class CheckTally {
 public:
  void Green() { any_ = true; }
  void Undecided() { any_ = undecided_ = true; }
  void Red(RedCheck check) {
    any_ = true;
    failed_ = true;
    auto& red = checks_.red;
    if (red.size() < kMostRed && std::ranges::find(red, check.name, &RedCheck::name) == red.end())
      red.push_back(std::move(check));
  }

  Checks Take() {
    checks_.kind = !any_        ? Checks::Kind::kNone
                   : undecided_ ? Checks::Kind::kRunning
                   : failed_    ? Checks::Kind::kRed
                                : Checks::Kind::kGreen;
    return std::move(checks_);
  }

 private:
  static constexpr std::size_t kMostRed = 50;

  Checks checks_;
  bool any_ = false, undecided_ = false, failed_ = false;
};

}  // namespace regreen
