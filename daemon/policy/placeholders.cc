#include "daemon/policy/placeholders.h"

#include <algorithm>
#include <array>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestValue = 160;
const std::array<std::string, 5>& Names() {
  static const std::array<std::string, 5> names = {"signature", "class", "repo", "branch", "job"};
  return names;
}

struct Found {
  std::size_t begin = std::string_view::npos, end = 0;
  std::string_view name;
};

// The first placeholder at or after `from`; `begin` is npos when there is none, `end` 0 when it is
// open.
Found FindPlaceholder(std::string_view text, std::size_t from) {
  const std::size_t begin = text.find("{{", from);
  if (begin == std::string_view::npos) return {};
  const std::size_t close = text.find("}}", begin);
  if (close == std::string_view::npos) return {begin, 0, {}};
  return {begin, close + 2, Trim(text.substr(begin + 2, close - begin - 2))};
}

// A look-alike for a character that forges act on, "" for any other.
std::string_view Harmless(char c) {
  switch (c) {
    case '@':
      return "\uFF20";
    case '#':
      return "\uFF03";
    case '<':
      return "\uFF1C";
    case '>':
      return "\uFF1E";
    case '[':
      return "\uFF3B";
    case ']':
      return "\uFF3D";
    case '!':
      return "\uFF01";
    case '`':
      return "\u2019";
    case '&':
      return "\uFF06";
    default:
      return {};
  }
}

void ReplaceAll(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

std::string PlaceholderMistake(std::string_view text) {
  for (Found found = FindPlaceholder(text, 0); found.begin != std::string_view::npos;
       found = FindPlaceholder(text, found.end)) {
    if (found.end == 0) return "\"{{\" is not closed by \"}}\"";
    if (std::find(Names().begin(), Names().end(), found.name) == Names().end()) {
      return Cat("unknown placeholder {{", Truncate(EscapeControl(found.name), 40), "}}",
                 DidYouMean(found.name, Names()), " Known are: ", Join(Names(), ", "));
    }
  }
  return {};
}

PlaceholderValues ValuesOf(const Incident& incident) {
  const auto defused = [](std::string_view value) { return Defuse(value, kLongestValue); };
  return {{"signature", defused(incident.evidence.signature)},
          {"class", defused(ToString(incident.evidence.failure_class))},
          {"repo", defused(incident.run.key.repo)},
          {"branch", defused(incident.run.branch)},
          {"job", defused(incident.job.name)}};
}

std::string FillPlaceholders(std::string_view text, const PlaceholderValues& values) {
  std::string out;
  std::size_t from = 0;
  for (Found found = FindPlaceholder(text, 0); found.end != 0;
       found = FindPlaceholder(text, from)) {
    out += text.substr(from, found.begin - from);
    for (const auto& [name, value] : values) {
      if (name == found.name) out += value;
    }
    from = found.end;
  }
  out += text.substr(from);
  return out;
}

std::string Defuse(std::string_view untrusted, std::size_t max_bytes) {
  // Cut first, so that the work is bounded by the cap; cut again, as look-alikes are longer.
  const std::string line = EscapeControl(Truncate(untrusted, max_bytes));
  std::string out;
  for (const char c : line) {
    const std::string_view harmless = Harmless(c);
    if (harmless.empty()) {
      out += c;
    } else {
      out += harmless;
    }
  }
  ReplaceAll(out, "://", "\uFF1A//");
  ReplaceAll(out, "GH-", "GH\u2011");
  ReplaceAll(out, "gh-", "gh\u2011");
  ReplaceAll(out, "www.", "www\u2024");
  return Truncate(out, max_bytes);
}

}  // namespace regreen
