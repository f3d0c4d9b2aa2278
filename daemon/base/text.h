// Small functions on text. All are pure, linear in time, and safe on any bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

namespace regreen {

namespace text_internal {
inline absl::string_view Piece(std::string_view s) {
  return {s.data(), s.size()};
}
inline absl::string_view Piece(const std::string& s) {
  return {s.data(), s.size()};
}
inline absl::string_view Piece(const char* s) {
  return s;
}
inline std::string Piece(char c) {
  return std::string(1, c);
}
template <class T>
requires std::is_arithmetic_v<T> T Piece(T number) {
  return number;
}
}  // namespace text_internal

// absl::StrCat that also takes std::string_view and char on Debian 12's Abseil.
template <class... A>
std::string Cat(const A&... parts) {
  return absl::StrCat(text_internal::Piece(parts)...);
}
template <class... A>
void Append(std::string& out, const A&... parts) {
  absl::StrAppend(&out, text_internal::Piece(parts)...);
}

std::string Join(std::span<const std::string> parts, std::string_view separator);
std::vector<std::string_view> SplitLines(std::string_view text);
std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);
std::string Lower(std::string_view ascii);
bool ParseInt64(std::string_view text, std::int64_t* out);

// Cuts at a UTF-8 boundary to at most max_bytes; "…" marks a cut (and counts).
std::string Truncate(std::string_view text, std::size_t max_bytes);
// By RFC 3629: no overlong form, no surrogate, nothing beyond U+10FFFF.
bool IsValidUtf8(std::string_view bytes);
// Makes any bytes valid UTF-8: each bad byte becomes U+FFFD.
std::string ToValidUtf8(std::string_view bytes);
// For one line of a log or a terminal: control characters, line breaks and bidirectional overrides
// become \xNN or \u{NNNN}; invalid UTF-8 becomes U+FFFD.
std::string EscapeControl(std::string_view untrusted);
// The same for text of many lines: '\n' and '\t' stay.
std::string EscapeControlKeepLines(std::string_view untrusted);

// A word as a POSIX shell reads it back: between single quotes. No shell can read a NUL.
std::string ShellQuoted(std::string_view word);
// The same, left as it is where it can be: people read the command.
std::string ReadableWord(std::string_view word);
// Whether a shell can have a variable of this name: letters, digits and '_', no digit first.
bool IsVariableName(std::string_view name);

// `*` any run without '/', `**` any run, `?` one character without '/'. The whole text must match.
bool GlobMatch(std::string_view pattern, std::string_view text);

// The candidate nearest to `name` by edit distance, or "" when none is near enough to suggest.
std::string NearestName(std::string_view name, std::span<const std::string> candidates);
// `, did you mean "x"?` or "".
std::string DidYouMean(std::string_view name, std::span<const std::string> candidates);

std::string PercentDecode(std::string_view text, bool plus_is_space);
std::string PercentEncode(std::string_view text);  // all but RFC 3986 unreserved characters

}  // namespace regreen
