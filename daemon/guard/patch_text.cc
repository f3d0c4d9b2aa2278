#include "daemon/guard/patch_text.h"

#include <algorithm>
#include <charconv>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostLines = 1'000'000'000;

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool TakeNumber(std::string_view& text, int base, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc() || out < 0 || out > kMostLines) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool ParseMode(std::string_view text, unsigned& out) {
  int mode = 0;
  if (!TakeNumber(text, 8, mode) || !text.empty()) return false;
  out = static_cast<unsigned>(mode);
  return true;
}

// Git's C-style quotes (git-config(1), core.quotePath). Answers false when they are broken.
bool TakeQuoted(std::string_view& text, std::string& out) {
  constexpr std::string_view kEscapes = "abtnvfr\"\\";
  constexpr std::string_view kMeanings = "\a\b\t\n\v\f\r\"\\";
  if (!TakePrefix(text, "\"")) return false;
  while (!text.empty() && text.front() != '"') {
    if (text.front() != '\\') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    if (text.empty()) return false;
    const std::size_t known = kEscapes.find(text.front());
    if (known != std::string_view::npos) {
      out += kMeanings[known];
      text.remove_prefix(1);
      continue;
    }
    int byte = 0;
    std::string_view digits = text.substr(0, 3);
    if (digits.size() != 3 || !TakeNumber(digits, 8, byte) || !digits.empty() || byte > 255)
      return false;
    out += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return TakePrefix(text, "\"");
}

// "a/X b/X" or "\"a/X\" \"b/X\"": both sides are the same name, as there are no renames.
bool ParseBothNames(std::string_view rest, std::string& path) {
  if (rest.starts_with('"')) {
    std::string left, right;
    if (!TakeQuoted(rest, left) || !TakePrefix(rest, " ") || !TakeQuoted(rest, right) ||
        !rest.empty())
      return false;
    path = left.substr(std::min<std::size_t>(2, left.size()));
    return left == "a/" + path && right == "b/" + path;
  }
  if (rest.size() < 7 || rest.size() % 2 == 0) return false;
  const std::size_t length = (rest.size() - 5) / 2;
  path = rest.substr(2, length);
  return rest == Cat("a/", path, " b/", path);
}

// What stands behind "--- " or "+++ ": the file under its prefix, or /dev/null.
bool NamesFile(std::string_view name, std::string_view prefix, std::string_view path) {
  if (name == "/dev/null") return true;
  if (!name.starts_with('"')) {
    if (name.ends_with('\t')) name.remove_suffix(1);  // git's mark behind a name with blanks
    return name == Cat(prefix, path);
  }
  std::string unquoted;
  return TakeQuoted(name, unquoted) && name.empty() && unquoted == Cat(prefix, path);
}

struct HunkCounts {
  int old_line = 0, old_left = 1, new_line = 0, new_left = 1;
};

// "@@ -1,2 +3,4 @@"; a count that is left out is 1.
bool ParseHunkHeader(std::string_view line, HunkCounts& out) {
  if (!TakePrefix(line, "@@ -") || !TakeNumber(line, 10, out.old_line)) return false;
  if (TakePrefix(line, ",") && !TakeNumber(line, 10, out.old_left)) return false;
  if (!TakePrefix(line, " +") || !TakeNumber(line, 10, out.new_line)) return false;
  if (TakePrefix(line, ",") && !TakeNumber(line, 10, out.new_left)) return false;
  return line.starts_with(" @@");
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) { Advance(); }

  StatusOr<std::vector<FileText>> Read() {
    std::vector<FileText> files;
    while (!at_end_) {
      FileText file;
      if (!TakePrefix(line_, "diff --git ") || !ParseBothNames(line_, file.path))
        return Misread("a file's header");
      Advance();
      RETURN_IF_ERROR(ReadHeader(file));
      RETURN_IF_ERROR(file.binary ? ReadBinary() : ReadHunks(file));
      files.push_back(std::move(file));
    }
    return files;
  }

 private:
  void Advance() {
    at_end_ = left_.empty();
    const std::size_t end = left_.find('\n');
    line_ = left_.substr(0, end);
    left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
    ++number_;
  }

  bool AtNextFile() const { return at_end_ || line_.starts_with("diff --git "); }

  Status Misread(std::string_view wanted) const {
    return InvalidArgument(Cat("line ", number_, " of the patch is not ", wanted, ": \"",
                               Truncate(EscapeControl(line_), 60), "\""));
  }

  // One line of the header. Answers false for what no header of ours holds.
  bool ReadHeaderLine(FileText& file) {
    std::string_view rest = line_;
    if (TakePrefix(rest, "old mode ")) return ParseMode(rest, file.old_mode);
    if (TakePrefix(rest, "new mode ")) return ParseMode(rest, file.new_mode);
    if (TakePrefix(rest, "new file mode ")) {
      file.kind = FileChange::Kind::kAdded;
      return ParseMode(rest, file.new_mode);
    }
    if (TakePrefix(rest, "deleted file mode ")) {
      file.kind = FileChange::Kind::kDeleted;
      return ParseMode(rest, file.old_mode);
    }
    if (TakePrefix(rest, "index ")) {
      const std::size_t blank = rest.find(' ');
      if (blank == std::string_view::npos) return true;
      if (!ParseMode(rest.substr(blank + 1), file.new_mode)) return false;
      file.old_mode = file.new_mode;
      return true;
    }
    if (TakePrefix(rest, "--- ")) return NamesFile(rest, "a/", file.path);
    if (TakePrefix(rest, "+++ ")) return NamesFile(rest, "b/", file.path);
    file.binary = line_ == "GIT binary patch";
    return file.binary;
  }

  Status ReadHeader(FileText& file) {
    for (; !AtNextFile() && !line_.starts_with("@@ ") && !file.binary; Advance()) {
      if (!ReadHeaderLine(file)) return Misread("a line of a file's header");
    }
    return OkStatus();
  }

  // "literal 12" or "delta 12", then lines in base 85, which have no blanks; an empty line ends
  // each part.
  Status ReadBinary() {
    for (; !AtNextFile(); Advance()) {
      std::string_view rest = line_;
      const bool part = TakePrefix(rest, "literal ") || TakePrefix(rest, "delta ");
      if (!part && line_.find(' ') != std::string_view::npos) return Misread("binary");
    }
    return OkStatus();
  }

  Status ReadHunks(FileText& file) {
    while (!AtNextFile()) {
      HunkCounts counts;
      if (!ParseHunkHeader(line_, counts)) return Misread("a hunk's header");
      Advance();
      ++block_;
      while (counts.old_left > 0 || counts.new_left > 0)
        RETURN_IF_ERROR(ReadHunkLine(counts, file));
      if (!at_end_ && line_.starts_with('\\')) Advance();
    }
    return OkStatus();
  }

  Status ReadHunkLine(HunkCounts& counts, FileText& file) {
    const char kind = at_end_ || line_.empty() ? '\0' : line_.front();
    if (kind != '\\') {
      const bool of_old = kind == ' ' || kind == '-', of_new = kind == ' ' || kind == '+';
      if ((!of_old && !of_new) || (of_old && counts.old_left-- == 0) ||
          (of_new && counts.new_left-- == 0)) {
        return Misread("what the hunk's header counts");
      }
      if (kind == ' ') ++block_;
      if (kind == '+') file.lines.push_back({true, counts.new_line, block_, line_.substr(1)});
      if (kind == '-') file.lines.push_back({false, counts.old_line, block_, line_.substr(1)});
      counts.old_line += of_old;
      counts.new_line += of_new;
    }
    Advance();
    return OkStatus();
  }

  std::string_view left_, line_;
  int number_ = 0;
  int block_ = 0;
  bool at_end_ = false;
};

}  // namespace

StatusOr<std::vector<FileText>> ReadPatchText(std::string_view bytes) {
  return Reader(bytes).Read();
}

}  // namespace regreen
