// Text of a log or a command as a pattern.
#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/draft.h"

namespace regreen {
namespace {

constexpr std::size_t kLongest = 300;
constexpr std::size_t kShortestName = 3;  // a shorter part of a repository's name is in every word

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

void AppendEscaped(char c, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7F) {
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
    return;
  }
  // RE2 takes any punctuation behind a backslash as itself; a space needs none.
  if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
  out += c;
}

bool StandsAlone(std::string_view text, std::size_t at, std::size_t size) {
  return (at == 0 || !IsWord(text[at - 1])) &&
         (at + size >= text.size() || !IsWord(text[at + size]));
}

}  // namespace

std::string PatternFor(std::string_view text, std::string_view repo) {
  if (Trim(text).empty() || !IsValidUtf8(text) || text.find('\0') != std::string_view::npos)
    return {};
  std::vector<std::string_view> names = {repo};
  for (const std::string_view part : Split(repo, '/')) names.push_back(part);
  std::erase_if(names, [](std::string_view name) { return name.size() < kShortestName; });
  std::string cut = Truncate(text, kLongest);
  const bool whole = cut == text;
  if (!whole) cut.resize(cut.size() - std::string_view("…").size());
  std::string out;
  bool own = false;  // whether anything but the repository's name is in it
  for (std::size_t at = 0; at < cut.size();) {
    const auto name = std::find_if(names.begin(), names.end(), [&](std::string_view n) {
      return Lower(cut.substr(at, n.size())) == Lower(n) && StandsAlone(cut, at, n.size());
    });
    if (name == names.end()) {
      AppendEscaped(cut[at++], out);
      own = true;
    } else {
      out += "\\S+";
      at += name->size();
    }
  }
  if (!own) return {};
  return Cat("^", out, whole ? "$" : "");
}

}  // namespace regreen
