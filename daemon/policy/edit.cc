#include "daemon/policy/edit.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/base/toml.h"

namespace regreen {
namespace {

struct Span {
  std::size_t begin = 0, end = 0;
};

// A `key = value` above the first table header; all are places in the text.
struct Entry {
  std::string key;  // without quotes; "" for one with dots
  std::size_t begin = 0, equals = 0;
  Span value;
};

// Goes over the top of a document that is known to be TOML (v1.0.0, "Key/Value Pair", "String"),
// so that it need only find where things end.
class TopReader {
 public:
  explicit TopReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  std::optional<Entry> Next() {
    SkipBlank();
    if (at_ >= text_.size() || text_[at_] == '[') return std::nullopt;
    Entry entry;
    entry.begin = at_;
    entry.key = Key();
    entry.equals = at_;
    if (at_ < text_.size()) ++at_;
    SkipSpaces();
    entry.value.begin = at_;
    entry.value.end = Value();
    SkipLine();
    return entry;
  }

 private:
  void SkipSpaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  void SkipLine() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }
  void SkipBlank() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        SkipLine();
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else {
        return;
      }
    }
  }

  // Up to the '='.
  std::string Key() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '=') {
      if (text_[at_] == '"' || text_[at_] == '\'') {
        SkipString();
      } else {
        ++at_;
      }
    }
    std::string_view key = Trim(text_.substr(begin, at_ - begin));
    if (key.size() >= 2 && (key.front() == '"' || key.front() == '\'') && key.back() == key.front())
      key = key.substr(1, key.size() - 2);
    return std::string(key);
  }

  void SkipString() {
    const char quote = text_[at_];
    const std::string three(3, quote);
    const bool lines = text_.substr(at_).starts_with(three);
    at_ += lines ? 3 : 1;
    while (at_ < text_.size()) {
      if (quote == '"' && text_[at_] == '\\') {
        at_ += 2;
      } else if (lines && text_.substr(at_).starts_with(three)) {
        at_ += 3;
        // Up to two quotes may stand before those that close it.
        while (at_ < text_.size() && text_[at_] == quote) ++at_;
        return;
      } else if (!lines && text_[at_] == quote) {
        ++at_;
        return;
      } else {
        ++at_;
      }
    }
    at_ = std::min(at_, text_.size());
  }

  // The end of the value that begins here.
  std::size_t Value() {
    int depth = 0;
    std::size_t end = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (depth == 0 && (c == '\n' || c == '#')) break;
      if (c == '"' || c == '\'') {
        SkipString();
        end = at_;
        continue;
      }
      if (c == '#') {
        SkipLine();
        continue;
      }
      if (c == '[' || c == '{') ++depth;
      if (c == ']' || c == '}') --depth;
      ++at_;
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') end = at_;
    }
    return end;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string_view LineEnd(std::string_view text) {
  const std::size_t first = text.find('\n');
  return first != std::string_view::npos && first > 0 && text[first - 1] == '\r' ? "\r\n" : "\n";
}

// A line after `anchor`'s, its '=' below the anchor's where that leaves room.
std::string WithLine(std::string_view text, const Entry& anchor, std::string_view value) {
  std::size_t line = anchor.begin;
  while (line > 0 && text[line - 1] != '\n') --line;
  const std::string_view indent = text.substr(line, anchor.begin - line);
  const bool blank = Trim(indent).empty();
  std::string key = "stage";
  const std::size_t width = anchor.equals - anchor.begin;
  const bool spaced = width > 0 && text[anchor.equals - 1] == ' ';
  if (spaced && width > key.size() + 1) key.resize(width - 1, ' ');
  const std::string added =
      Cat(blank ? indent : "", key, spaced || width == 0 ? " = " : "=", "\"", value, "\"");
  const std::size_t end = text.find('\n', anchor.value.end);
  if (end == std::string_view::npos) return Cat(text, LineEnd(text), added);
  return Cat(text.substr(0, end + 1), added, LineEnd(text), text.substr(end + 1));
}

StatusOr<std::vector<TomlValue>> ValuesOf(std::string_view text) {
  Problems problems;
  const TomlTable root = TomlTable::Parse(text, "the template", problems);
  RETURN_IF_ERROR(problems.ToStatus());
  return root.Values();
}

// Whether the two differ in the stage alone, and the second has this one.
bool OnlyStageDiffers(std::vector<TomlValue> before, std::vector<TomlValue> after, Stage stage) {
  const auto has_stage = std::any_of(after.begin(), after.end(), [&](const TomlValue& value) {
    return value.path == "stage" && value.text == TomlQuote(ToString(stage));
  });
  const auto is_stage = [](const TomlValue& value) { return value.path == "stage"; };
  std::erase_if(before, is_stage);
  std::erase_if(after, is_stage);
  return has_stage && std::equal(before.begin(), before.end(), after.begin(), after.end(),
                                 [](const TomlValue& a, const TomlValue& b) {
                                   return a.path == b.path && a.text == b.text;
                                 });
}

StatusOr<std::string> Edited(std::string_view text, std::string_view stage) {
  TopReader top(text);
  std::optional<Entry> name, title;
  while (const auto entry = top.Next()) {
    if (entry->key == "stage") {
      const char quote = text[entry->value.begin] == '\'' ? '\'' : '"';
      return Cat(text.substr(0, entry->value.begin), quote, stage, quote,
                 text.substr(entry->value.end));
    }
    if (entry->key == "name") name = entry;
    if (entry->key == "title") title = entry;
  }
  if (!name && !title)
    return InvalidArgument("the template has neither a stage nor a name at its top");
  const bool after_title = title && (!name || title->begin > name->begin);
  return WithLine(text, after_title ? *title : *name, stage);
}

}  // namespace

StatusOr<std::string> WithStage(std::string_view text, Stage stage) {
  ASSIGN_OR_RETURN(const std::vector<TomlValue> before, ValuesOf(text));
  ASSIGN_OR_RETURN(std::string edited, Edited(text, ToString(stage)));
  const auto after = ValuesOf(edited);
  if (after.ok() && OnlyStageDiffers(before, *after, stage)) return edited;
  return FailedPrecondition(
      Cat("the stage cannot be changed without changing something else: write stage = \"",
          ToString(stage), "\" into the file by hand"));
}

}  // namespace regreen
