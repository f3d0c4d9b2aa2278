#include "adapters/git/print.h"

#include <cstdio>
#include <string_view>

#include "daemon/base/text.h"

namespace regreen {
namespace {

// As git quotes names, and besides when there is a space, which could end a name.
std::string QuotedName(std::string_view side, std::string_view path) {
  constexpr std::string_view kLetters = "\a\b\t\n\v\f\r\"\\";
  constexpr std::string_view kEscapes = "abtnvfr\"\\";
  std::string quoted(side);
  bool plain = true;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t at = kLetters.find(c); at != std::string_view::npos) {
      Append(quoted, "\\", kEscapes.substr(at, 1));
    } else if (byte < 0x20 || byte >= 0x7f) {
      char octal[5];
      std::snprintf(octal, sizeof octal, "\\%03o", byte);
      quoted += octal;
    } else {
      quoted += c;
      plain = plain && c != ' ';
      continue;
    }
    plain = false;
  }
  return plain ? quoted : Cat("\"", quoted, "\"");
}

std::string Mode(unsigned mode) {
  char octal[16];
  std::snprintf(octal, sizeof octal, "%06o", mode);
  return octal;
}

std::string Header(const git_diff_delta& delta, bool has_lines) {
  const bool added = delta.status == GIT_DELTA_ADDED;
  const bool deleted = delta.status == GIT_DELTA_DELETED;
  const unsigned before = delta.old_file.mode, after = delta.new_file.mode;
  const std::string old_name = QuotedName("a/", delta.old_file.path);
  const std::string new_name = QuotedName("b/", delta.new_file.path);
  std::string header = Cat("diff --git ", old_name, " ", new_name, "\n");
  if (added) {
    Append(header, "new file mode ", Mode(after), "\n");
  } else if (deleted) {
    Append(header, "deleted file mode ", Mode(before), "\n");
  } else if (before != after) {
    Append(header, "old mode ", Mode(before), "\nnew mode ", Mode(after), "\n");
  }
  if (!git_oid_equal(&delta.old_file.id, &delta.new_file.id)) {
    Append(header, "index ", ToHex(delta.old_file.id), "..", ToHex(delta.new_file.id));
    Append(header, before == after ? Cat(" ", Mode(after)) : "", "\n");
  }
  if (has_lines) {
    Append(header, "--- ", added ? "/dev/null" : old_name, "\n");
    Append(header, "+++ ", deleted ? "/dev/null" : new_name, "\n");
  }
  return header;
}

int AppendLine(const git_diff_delta* delta, const git_diff_hunk*, const git_diff_line* line,
               void* payload) {
  auto& out = *static_cast<std::string*>(payload);
  const std::string_view content(line->content, line->content_len);
  if (line->origin == GIT_DIFF_LINE_FILE_HDR) {
    out += Header(*delta, content.find("\n--- ") != std::string_view::npos);
    return 0;
  }
  if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
      line->origin == GIT_DIFF_LINE_DELETION) {
    out += line->origin;
  }
  out += content;
  return 0;
}

}  // namespace

StatusOr<std::string> PrintDiff(git_diff* diff) {
  std::string bytes;
  const int code = git_diff_print(diff, GIT_DIFF_FORMAT_PATCH, AppendLine, &bytes);
  if (code != 0) return GitError(code, "cannot write a patch");
  return bytes;
}

}  // namespace regreen
