#include "daemon/base/regex.h"

#include <re2/re2.h>

#include "daemon/base/text.h"

namespace regreen {
namespace {

re2::StringPiece Piece(std::string_view s) {
  return {s.data(), s.size()};
}

RE2::Options QuietOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  return options;
}

}  // namespace

struct Regex::Impl {
  explicit Impl(std::string_view pattern) : re(Piece(pattern), QuietOptions()) {}
  RE2 re;
};

StatusOr<Regex> Regex::Compile(std::string_view pattern) {
  auto impl = std::make_shared<Impl>(pattern);
  if (!impl->re.ok()) {
    return InvalidArgument(Cat("the pattern does not compile: ", impl->re.error()));
  }
  return Regex(std::move(impl));
}

bool Regex::Contains(std::string_view text) const {
  return RE2::PartialMatch(Piece(text), impl_->re);
}

std::optional<RegexMatch> Regex::Find(std::string_view text) const {
  std::vector<re2::StringPiece> groups(
      static_cast<std::size_t>(impl_->re.NumberOfCapturingGroups()) + 1);
  if (!impl_->re.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(),
                       static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  RegexMatch match;
  match.begin = static_cast<std::size_t>(groups[0].data() - text.data());
  match.end = match.begin + groups[0].size();
  for (const auto& [name, index] : impl_->re.NamedCapturingGroups()) {
    const re2::StringPiece& group = groups[static_cast<std::size_t>(index)];
    if (group.data() != nullptr)
      match.captures.emplace(name, std::string(group.data(), group.size()));
  }
  return match;
}

std::vector<std::string> Regex::GroupNames() const {
  std::vector<std::string> names;
  for (const auto& [name, index] : impl_->re.NamedCapturingGroups()) names.push_back(name);
  return names;
}

bool Regex::MatchesEmpty() const {
  return RE2::FullMatch("", impl_->re);
}

const std::string& Regex::pattern() const {
  return impl_->re.pattern();
}

std::string Regex::ReplaceAll(std::string_view text, std::string_view with) const {
  std::string out(text);
  RE2::GlobalReplace(&out, impl_->re, Piece(with));
  return out;
}

}  // namespace regreen
