// Which of many patterns could match a text, by the texts that each cannot do without
// (re2::FilteredRE2): one pass over the text instead of one for each pattern.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regreen {

// Immutable once made; any thread.
class RegexFilter {
 public:
  // Each pattern must be one that Regex::Compile takes.
  explicit RegexFilter(std::span<const std::string> patterns);
  ~RegexFilter();
  RegexFilter(RegexFilter&&) noexcept;
  RegexFilter& operator=(RegexFilter&&) noexcept;

  // For each pattern, whether it may match anywhere in the text; where it says no, none does.
  std::vector<bool> Candidates(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace regreen
