#include "daemon/base/regex_ascii.h"

#include <algorithm>

namespace regreen {
namespace {

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Whether an escape could stand for a character beyond ASCII: \x{e9}, \351, \pL.
bool MayEscapeAscii(std::string_view pattern) {
  for (std::size_t at = pattern.find('\\'); at != std::string_view::npos && at + 1 < pattern.size();
       at = pattern.find('\\', at + 2)) {
    if (std::string_view("xpP01234567").find(pattern[at + 1]) != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace

bool IsAsciiPattern(std::string_view pattern) {
  return IsAscii(pattern) && !MayEscapeAscii(pattern);
}

}  // namespace regreen
