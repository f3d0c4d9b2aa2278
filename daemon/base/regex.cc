#include "daemon/base/regex.h"

#include <re2/re2.h>

#include <cstdint>
#include <mutex>

#include "daemon/base/regex_ascii.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

re2::StringPiece Piece(std::string_view s) {
  return {s.data(), s.size()};
}

// Of a compiled pattern, at most.
constexpr std::int64_t kMaxBytes = 16 << 20;
// Of one that is checked as Latin-1. In UTF-8 each of its instructions may become nine.
constexpr std::int64_t kMaxCheckedBytes = 1 << 20;

RE2::Options QuietOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxBytes);
  return options;
}

std::vector<std::string> NamesOf(const RE2& re) {
  std::vector<std::string> names;
  for (const auto& [name, index] : re.NamedCapturingGroups()) names.push_back(name);
  return names;
}

}  // namespace

struct Regex::Impl {
  std::string pattern;
  std::vector<std::string> names;
  bool matches_empty = false;

  const RE2& re() const {
    std::call_once(once_, [this] { re_ = std::make_unique<RE2>(pattern, QuietOptions()); });
    return *re_;
  }

 private:
  mutable std::once_flag once_;
  mutable std::unique_ptr<const RE2> re_;
};

StatusOr<Regex> Regex::Compile(std::string_view pattern) {
  auto impl = std::make_shared<Impl>();
  impl->pattern = pattern;
  const RE2& re = impl->re();
  if (!re.ok()) return InvalidArgument(Cat("the pattern does not compile: ", re.error()));
  impl->names = NamesOf(re);
  impl->matches_empty = RE2::FullMatch("", re);
  return Regex(std::move(impl));
}

StatusOr<Regex> Regex::CompileWhenAsked(std::string_view pattern) {
  if (!IsAsciiPattern(pattern)) return Compile(pattern);
  RE2::Options options = QuietOptions();
  options.set_max_mem(kMaxCheckedBytes);
  options.set_encoding(RE2::Options::EncodingLatin1);
  const RE2 checked(Piece(pattern), options);
  if (!checked.ok()) return Compile(pattern);  // says what is wrong, or that it only is large
  auto impl = std::make_shared<Impl>();
  impl->pattern = pattern;
  impl->names = NamesOf(checked);
  impl->matches_empty = RE2::FullMatch("", checked);
  return Regex(std::move(impl));
}

bool Regex::Contains(std::string_view text) const {
  return RE2::PartialMatch(Piece(text), impl_->re());
}

std::optional<RegexMatch> Regex::Find(std::string_view text) const {
  const RE2& re = impl_->re();
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(re.NumberOfCapturingGroups()) + 1);
  if (!re.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(),
                static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  RegexMatch match;
  match.begin = static_cast<std::size_t>(groups[0].data() - text.data());
  match.end = match.begin + groups[0].size();
  for (const auto& [name, index] : re.NamedCapturingGroups()) {
    const re2::StringPiece& group = groups[static_cast<std::size_t>(index)];
    if (group.data() != nullptr)
      match.captures.emplace(name, std::string(group.data(), group.size()));
  }
  return match;
}

std::vector<std::string> Regex::GroupNames() const {
  return impl_->names;
}

bool Regex::MatchesEmpty() const {
  return impl_->matches_empty;
}

const std::string& Regex::pattern() const {
  return impl_->pattern;
}

std::string Regex::ReplaceAll(std::string_view text, std::string_view with) const {
  std::string out(text);
  RE2::GlobalReplace(&out, impl_->re(), Piece(with));
  return out;
}

}  // namespace regreen
