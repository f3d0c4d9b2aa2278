// What stands before, around and inside the text of one line of a CI log. Pure; any bytes.
#pragma once

#include <string>
#include <string_view>

#include "daemon/triage/clean.h"

namespace regreen {

// Without the stamps and prefixes that CI systems, Docker and Compose put in front of each line:
//   2022-06-23T19:15:42.8852958Z …     GitHub, Azure, GitLab (there followed by "00O ")
//   [2022-06-23T19:15:42.885Z] …       Jenkins timestamper; also "19:15:42  …"
//   #12 3.456 …                        BuildKit
//   web-1  | …                         Compose
std::string_view WithoutPrefix(std::string_view line);

// Appends the line as a terminal would show it at the end: escape sequences and other controls are
// gone, of a line that was overwritten (carriage return, erase) the last state stays, bad UTF-8 is
// U+FFFD. `line` holds no '\n'.
void AppendShown(std::string_view line, std::string& out);

// GitLab and Travis write a section's marker, a return and other text on one line: the length of
// the marker with its return, 0 when the line begins with none.
std::size_t SectionLength(std::string_view line);

struct MarkedText {
  Marker marker = Marker::kNone;
  std::string_view text;  // without the marker's own spelling
};
// Markers spelled at the beginning of a line: "##[error]…", "::error file=a::…",
// "travis_fold:start:x", "section_start:1:x", "[Pipeline] { (x)". `buildkite`: also "--- x".
MarkedText ParseMarker(std::string_view text, bool buildkite);

}  // namespace regreen
