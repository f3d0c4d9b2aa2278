#include "daemon/policy/defuse.h"

#include <algorithm>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

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

std::string LongerThanAny(std::string_view text, std::size_t least) {
  std::size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max(longest + 1, least), '`');
}

}  // namespace

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

std::string Fenced(std::string_view untrusted, std::size_t max_bytes) {
  // Masked before it is cut, so that no half of a secret stays.
  const std::string text = EscapeControlKeepLines(Truncate(Redact(untrusted), max_bytes));
  const std::string fence = LongerThanAny(text, 3);
  return Cat(fence, "text\n", text, text.ends_with('\n') ? "" : "\n", fence);
}

std::string CodeSpan(std::string_view untrusted, std::size_t max_bytes) {
  const std::string text = EscapeControl(Truncate(Redact(untrusted), max_bytes));
  const std::string fence = LongerThanAny(text, 1);
  // CommonMark takes one space off each side, and needs it beside a backtick.
  const char* space = text.starts_with('`') || text.ends_with('`') ? " " : "";
  return Cat(fence, space, text, space, fence);
}

}  // namespace regreen
