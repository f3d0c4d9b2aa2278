#include "daemon/policy/ci_shell.h"

#include <algorithm>
#include <vector>

#include "daemon/base/text.h"

namespace regreen {
namespace {

bool IsNameByte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool EndsAWord(std::string_view before) {
  if (before.empty()) return true;
  return std::string_view(" \t\r\n;&|({`\"'").find(before.back()) != std::string_view::npos;
}

}  // namespace

bool IsVariableName(std::string_view name) {
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         std::all_of(name.begin(), name.end(), IsNameByte);
}

std::string SingleQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::set<std::string> VariablesRead(std::string_view script) {
  std::set<std::string> names;
  for (std::size_t at = script.find('$'); at != std::string_view::npos;
       at = script.find('$', at + 1)) {
    std::size_t begin = at + 1;
    // ${NAME}, ${#NAME}, ${!NAME}
    if (begin < script.size() && script[begin] == '{') ++begin;
    if (begin < script.size() && begin > at + 1 && (script[begin] == '#' || script[begin] == '!'))
      ++begin;
    std::size_t end = begin;
    while (end < script.size() && IsNameByte(script[end])) ++end;
    const std::string_view name = script.substr(begin, end - begin);
    if (IsVariableName(name)) names.emplace(name);
  }
  return names;
}

bool Assigns(std::string_view script, std::string_view name) {
  for (std::size_t at = script.find(name); at != std::string_view::npos;
       at = script.find(name, at + 1)) {
    const std::string_view before = script.substr(0, at);
    const std::string_view after = script.substr(at + name.size());
    if (!EndsAWord(before)) continue;
    if (after.starts_with('=') || after.starts_with("+=")) return true;
    const std::string_view words = Trim(before.substr(before.find_last_of("\n;") + 1));
    const bool ends = after.empty() || !IsNameByte(after.front());
    if (ends && (words.ends_with("for") || words.starts_with("read"))) return true;
  }
  return false;
}

bool IsOfShell(std::string_view name) {
  static const std::set<std::string_view> known = {
      "HOME", "IFS",     "LANG",         "LINENO", "OLDPWD",     "OPTARG", "OPTIND", "PATH",
      "PPID", "PWD",     "RANDOM",       "REPLY",  "SECONDS",    "SHELL",  "TERM",   "TMPDIR",
      "UID",  "USER",    "BASH_VERSION", "EUID",   "HOSTNAME",   "NF",     "NR",     "FUNCNAME",
      "BASH", "LOGNAME", "PIPESTATUS",   "DEBUG",  "BASH_SOURCE"};
  return known.contains(name);
}

std::string Shown(std::string_view untrusted) {
  return Cat("\"", Truncate(EscapeControl(untrusted), 80), "\"");
}

StatusOr<std::string> FolderBelow(std::string_view written) {
  if (written.starts_with('/'))
    return InvalidArgument(Cat("the step runs in ", Shown(written), ", outside the repository"));
  std::vector<std::string> parts;
  for (const std::string_view part : Split(written, '/')) {
    if (part == "..")
      return InvalidArgument(
          Cat("the step runs in ", Shown(written), ", which may be outside the repository"));
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return Join(parts, "/");
}

}  // namespace regreen
