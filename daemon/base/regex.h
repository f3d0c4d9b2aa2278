// Regular expressions by RE2 (this file's .cc owns it): linear time on any input, so that a pattern
// that an operator writes cannot hang the daemon. Reading is safe from any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"

namespace regreen {

struct RegexMatch {
  std::size_t begin = 0, end = 0;               // of the whole match, in bytes
  std::map<std::string, std::string> captures;  // the named groups that took part
};

class Regex {
 public:
  // InvalidArgument says what is wrong with the pattern. Named groups: (?P<name>…).
  static StatusOr<Regex> Compile(std::string_view pattern);
  // The same answers, and the same errors now; but most of the work is done when a text is first
  // held to it. For many patterns of which few will be asked.
  static StatusOr<Regex> CompileWhenAsked(std::string_view pattern);

  bool Contains(std::string_view text) const;  // anywhere in the text
  std::optional<RegexMatch> Find(std::string_view text) const;
  std::vector<std::string> GroupNames() const;
  bool MatchesEmpty() const;
  const std::string& pattern() const;
  // Each match replaced; \1 style references in `with`.
  std::string ReplaceAll(std::string_view text, std::string_view with) const;

 private:
  struct Impl;
  explicit Regex(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace regreen
