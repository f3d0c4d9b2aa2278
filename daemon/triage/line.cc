#include "daemon/triage/line.h"

#include <algorithm>
#include <cctype>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The length of what `shape` describes at the beginning, 0 when it is not there. In a shape, '0' is
// a digit; all else is itself.
std::size_t Shape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0' ? !IsDigit(text[i]) : text[i] != shape[i]) return 0;
  }
  return shape.size();
}

std::size_t Digits(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// ISO 8601 with optional fraction and zone; 0 when it is none.
std::size_t StampLength(std::string_view text) {
  // What stands at most lines of most logs, by its separators alone.
  if (text.size() > 28 && text[4] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':' &&
      text[19] == '.' && text[27] == 'Z' && text[28] == ' ' && IsDigit(text[0]) &&
      IsDigit(text[26])) {
    return 28;
  }
  std::size_t at = Shape(text, "0000-00-00T00:00:00");
  if (at == 0) return 0;
  if (at + 1 < text.size() && text[at] == '.' && IsDigit(text[at + 1])) at = Digits(text, at + 1);
  if (at < text.size() && text[at] == 'Z') return at + 1;
  if (Shape(text.substr(at), "+00:00") != 0 || Shape(text.substr(at), "-00:00") != 0) return at + 6;
  return at;
}

std::string_view WithoutSpace(std::string_view text, std::size_t from) {
  if (from < text.size() && text[from] == ' ') ++from;
  return text.substr(std::min(from, text.size()));
}

std::string_view WithoutStamp(std::string_view text) {
  if (text.size() < 8) return text;
  if (text[0] == '[') {
    const std::size_t stamp = StampLength(text.substr(1));
    if (stamp != 0 && stamp + 1 < text.size() && text[stamp + 1] == ']') {
      return WithoutSpace(text, stamp + 2);
    }
    return text;
  }
  if (!IsDigit(text[0])) return text;
  if (const std::size_t stamp = StampLength(text); stamp != 0) {
    std::string_view rest = WithoutSpace(text, stamp);
    // GitLab's stream number and kind, '+' for a continued line.
    if (Shape(rest, "00O") != 0 || Shape(rest, "00E") != 0) {
      if (rest.size() == 3) return {};
      if (rest[3] == ' ' || rest[3] == '+') rest.remove_prefix(4);
    }
    return rest;
  }
  if (Shape(text, "00:00:00 ") != 0) return WithoutSpace(text, 9);
  return text;
}

// "#12 3.456 " of BuildKit.
std::string_view WithoutBuildKit(std::string_view text) {
  if (text.size() < 5 || text[0] != '#') return text;
  const std::size_t vertex = Digits(text, 1);
  if (vertex == 1 || vertex >= text.size() || text[vertex] != ' ') return text;
  const std::size_t seconds = Digits(text, vertex + 1);
  if (seconds == vertex + 1 || seconds >= text.size() || text[seconds] != '.') return text;
  const std::size_t fraction = Digits(text, seconds + 1);
  if (fraction == seconds + 1 || (fraction < text.size() && text[fraction] != ' ')) return text;
  return WithoutSpace(text, fraction);
}

// "service-1  | " of Compose.
std::string_view WithoutCompose(std::string_view text) {
  std::size_t at = 0;
  while (
      at < text.size() && at < 64 &&
      (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '-' || text[at] == '_')) {
    ++at;
  }
  if (at < 3 || !IsDigit(text[at - 1]) || (text[at - 2] != '-' && text[at - 2] != '_')) return text;
  std::size_t bar = at;
  while (bar < text.size() && text[bar] == ' ') ++bar;
  if (bar == at || bar >= text.size() || text[bar] != '|') return text;
  return WithoutSpace(text, bar + 1);
}

// The end of the escape sequence that begins at `at` (ECMA-48): CSI, a string up to BEL or ST, or
// one character. A string that does not end within its cap is taken for a lone escape. No string
// ends before `open`, which the next call goes on from: a line of openings alone is read once.
std::size_t EscapeEnd(std::string_view line, std::size_t at, std::size_t& open) {
  constexpr std::size_t kMaxString = 4096;
  if (at + 1 >= line.size()) return line.size();
  const char kind = line[at + 1];
  std::size_t i = at + 2;
  if (kind == '[') {
    while (i < line.size() && line[i] >= 0x20 && line[i] <= 0x3F) ++i;
    return i < line.size() && line[i] >= 0x40 ? i + 1 : i;
  }
  if (kind == ']' || kind == '_' || kind == 'P' || kind == '^' || kind == 'X') {
    for (i = std::max(i, open); i < line.size() && i - at < kMaxString; ++i) {
      if (line[i] == '\a') return i + 1;
      if (line[i] == '\x1b' && i + 1 < line.size() && line[i + 1] == '\\') return i + 2;
    }
    open = i;
    return at + 2;
  }
  if (kind == '(' || kind == ')') return std::min(at + 3, line.size());
  return static_cast<unsigned char>(kind) < 0x80 ? at + 2 : at + 1;
}

bool EndsStep(std::string_view text) {
  return text.starts_with("section_end:");
}

// GitLab writes "section_start:1:name[options]\r\e[0KHeading": the part before the return is a
// marker.
bool IsSection(std::string_view text) {
  return text.starts_with("section_start:") || EndsStep(text);
}

std::string_view AfterColons(std::string_view text, int colons) {
  for (; colons > 0; --colons) {
    const std::size_t colon = text.find(':');
    if (colon == npos) return {};
    text.remove_prefix(colon + 1);
  }
  return text;
}

struct Spelling {
  std::string_view text;
  Marker marker;
};
constexpr Spelling kBracket[] = {
    {"[error]", Marker::kError},
    {"[group]", Marker::kGroup},
    {"[endgroup]", Marker::kEndGroup},
    {"[command]", Marker::kCommand},
    {"[warning]", Marker::kWarning},
    {"[section]Starting: ", Marker::kStep},
    {"[section]Finishing: ", Marker::kEndStep},
    {"[section]", Marker::kNone},
    {"[debug]", Marker::kNone},
    {"[notice]", Marker::kNone},
};

MarkedText ParseBracket(std::string_view text) {
  for (const Spelling& spelling : kBracket) {
    if (!text.substr(2).starts_with(spelling.text)) continue;
    const std::string_view rest = text.substr(2 + spelling.text.size());
    // GitHub begins each step with a group of this title.
    if (spelling.marker == Marker::kGroup && rest.starts_with("Run ")) return {Marker::kStep, rest};
    return {spelling.marker, rest};
  }
  return {Marker::kNone, text};
}

// "::error file=app.js,line=1::message", as a tool prints it to GitHub.
MarkedText ParseWorkflowCommand(std::string_view text) {
  const bool error = text.starts_with("::error");
  if (!error && !text.starts_with("::warning")) return {Marker::kNone, text};
  const std::size_t end = text.find("::", 2);
  if (end == npos) return {Marker::kNone, text};
  return {error ? Marker::kError : Marker::kWarning, text.substr(end + 2)};
}

MarkedText ParseSection(std::string_view text) {
  std::string_view name = AfterColons(text, 2);
  name = name.substr(0, name.find('['));
  return {EndsStep(text) ? Marker::kEndStep : Marker::kStep, name};
}

MarkedText ParsePipeline(std::string_view text) {
  constexpr std::string_view kStage = "[Pipeline] { (";
  if (text.starts_with(kStage) && text.ends_with(')')) {
    return {Marker::kStep, text.substr(kStage.size(), text.size() - kStage.size() - 1)};
  }
  if (text.starts_with("[Pipeline] // stage")) return {Marker::kEndStep, {}};
  return {Marker::kNone, text.starts_with("[Pipeline] ") ? std::string_view() : text};
}

}  // namespace

std::string_view WithoutPrefix(std::string_view line) {
  line = WithoutStamp(line);
  if (line.empty()) return line;
  if (line[0] == '#') return WithoutBuildKit(line);
  return WithoutCompose(line);
}

void AppendShown(std::string_view line, std::string& out) {
  const std::size_t start = out.size();
  bool overwrite = false;
  bool high = false;
  std::size_t open = 0;
  for (std::size_t i = 0; i < line.size();) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c == 0x1b) {
      i = EscapeEnd(line, i, open);
      continue;
    }
    ++i;
    if (c == '\r') {
      overwrite = true;
      continue;
    }
    if ((c < 0x20 && c != '\t') || c == 0x7f) continue;
    if (overwrite) out.resize(start);
    overwrite = false;
    high |= c >= 0x80;
    out.push_back(static_cast<char>(c));
  }
  if (!high) return;
  const std::string valid = ToValidUtf8(std::string_view(out).substr(start));
  out.replace(start, npos, valid);
}

std::size_t SectionLength(std::string_view line) {
  constexpr std::size_t kMaxBefore = 64;  // a stamp and escape sequences
  for (const std::string_view mark :
       {"section_start:", "section_end:", "travis_fold:", "travis_time:"}) {
    const std::size_t at = line.substr(0, kMaxBefore + mark.size()).find(mark);
    const std::size_t end = at == npos ? npos : line.find('\r', at);
    if (end != npos) return end + 1;
  }
  return 0;
}

MarkedText ParseMarker(std::string_view text, bool buildkite) {
  if (text.empty()) return {Marker::kNone, text};
  switch (text[0]) {
    case '#':
      if (text.starts_with("##[")) return ParseBracket(text);
      break;
    case ':':
      if (text.starts_with("::")) return ParseWorkflowCommand(text);
      break;
    case '[':
      if (text.starts_with("[command]")) return {Marker::kCommand, text.substr(9)};
      if (text.starts_with("[Pipeline]")) return ParsePipeline(text);
      break;
    case 's':
      if (IsSection(text)) return ParseSection(text);
      break;
    case 't':
      if (text.starts_with("travis_fold:start:")) return {Marker::kStep, AfterColons(text, 2)};
      if (text.starts_with("travis_fold:end:")) return {Marker::kEndStep, AfterColons(text, 2)};
      if (text.starts_with("travis_time:")) return {Marker::kNone, {}};
      break;
    case 'P':
      if (text == "Post job cleanup.") return {Marker::kStep, text};
      break;
    case '-':
    case '+':
    case '~':
      // Go's own "--- FAIL: TestX" is no heading.
      if (buildkite && text.size() > 4 && !text.starts_with("--- FAIL:") && text[1] == text[0] &&
          text[2] == text[0] && text[3] == ' ') {
        return {Marker::kStep, text.substr(4)};
      }
      break;
    default:
      break;
  }
  return {Marker::kNone, text};
}

}  // namespace regreen
