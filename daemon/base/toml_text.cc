// Texts of TOML values, read and written without the library.
#include "daemon/base/text.h"
#include "daemon/base/toml.h"

namespace regreen {

std::optional<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(std::string(text), &duration) || duration < absl::ZeroDuration() ||
      duration == absl::InfiniteDuration()) {
    return std::nullopt;
  }
  return duration;
}

std::string TomlQuote(std::string_view text) {
  std::string out = "\"";
  for (const char c : ToValidUtf8(text)) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          constexpr char kDigits[] = "0123456789ABCDEF";
          Append(out, "\\u00", kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 15]);
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string TomlString(std::string_view text) {
  const bool literal = text.find('\n') != std::string_view::npos &&
                       text.find("'''") == std::string_view::npos && !text.ends_with('\'') &&
                       EscapeControlKeepLines(text) == text;
  return literal ? Cat("'''\n", text, "'''") : TomlQuote(text);
}

}  // namespace regreen
