// TOML by toml++ (this file's .cc owns it), read so that every mistake is found at once, with file,
// line, column and the nearest right name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"

namespace regreen {

struct Position {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1
};

struct Problem {
  enum class Severity { kError, kWarning };
  Position where;
  std::string message;
  Severity severity = Severity::kError;
};

// "file:3:7: error: unknown key "lable", did you mean "label"?"
std::string ToString(const Problem& problem);

class Problems {
 public:
  void Error(Position where, std::string_view message);
  void Warn(Position where, std::string_view message);
  bool has_errors() const;
  const std::vector<Problem>& all() const { return all_; }
  std::string Render() const;  // one problem a line
  // OK, or InvalidArgument with Render() as its message.
  Status ToStatus() const;

 private:
  std::vector<Problem> all_;
};

// A value as it stands in a document.
struct TomlValue {
  std::string path;  // "step[0].run"
  std::string text;  // as TOML
  Position where;
};

// A view of one table that remembers which keys were asked for. Reading a key of the wrong type
// notes a problem and answers nullopt. Call Finish() when all known keys were asked for: each key
// that was not is an unknown key. Shares the document; not for use from two threads at once.
class TomlTable {
 public:
  // Parses; a syntax error is noted and an empty table returned. `problems` must outlive the views.
  static TomlTable Parse(std::string_view text, std::string file, Problems& problems);
  static TomlTable ParseFile(const std::filesystem::path& path, Problems& problems);  // cap 1 MiB

  // Takes over what `base`, another whole document, holds and this one does not. Tables are
  // combined; lists are joined, the base's first, and one value beside a list is a list of one.
  // Where both hold another value, this one's stays, and `differ` hears of it. Every value keeps
  // the place where it was written. Call it before anything is read; nothing is left in `base`.
  using Differ = std::function<void(const std::string& path, const Position& here,
                                    const Position& base)>;  // path: "guard.max_files"
  void Inherit(TomlTable base, const Differ& differ);
  // Every value, lists of values as one, in the order of the key paths.
  std::vector<TomlValue> Values() const;

  bool Has(std::string_view key) const;         // counts as asked for
  bool HoldsTable(std::string_view key) const;  // whether its value is a table; likewise
  std::vector<std::string> Keys() const;        // sorted as written; does not count as asked for
  Position where() const;                       // of the table
  Position where(std::string_view key) const;   // of the key's value, or of the table

  std::optional<std::string> String(std::string_view key);
  std::optional<std::int64_t> Int(std::string_view key);
  std::optional<double> Double(std::string_view key);  // an integer will do
  std::optional<bool> Bool(std::string_view key);
  std::optional<absl::Duration> Duration(std::string_view key);  // "90s", "10m", "1h30m"
  // A date and time with its offset: 2026-01-05T10:00:00Z, bare or in quotes.
  std::optional<absl::Time> Time(std::string_view key);
  std::optional<std::vector<std::string>> Strings(std::string_view key);  // one string will do
  std::optional<std::vector<std::int64_t>> Ints(std::string_view key);    // one number will do
  // A string, number, boolean or list of strings as text, a list with one element a line.
  std::optional<std::string> Text(std::string_view key);
  std::optional<TomlTable> Table(std::string_view key);
  std::vector<TomlTable> Tables(std::string_view key);  // [[key]]; none is empty
  // Every child table by name, for tables whose keys are names of the writer's choice.
  std::vector<std::pair<std::string, TomlTable>> NamedTables();
  // Every child string by name, likewise. Other types are problems.
  std::vector<std::pair<std::string, std::string>> NamedStrings();

  void Error(std::string_view key, std::string_view message);  // at the key's position
  void Finish();

 private:
  struct Node;
  explicit TomlTable(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  std::shared_ptr<Node> node_;
};

// "1h30m" style; nullopt when it is not one or is negative.
std::optional<absl::Duration> ParseDuration(std::string_view text);

// A TOML basic string with quotes and escapes.
std::string TomlQuote(std::string_view text);
// The same, or for text of many lines a literal string of many lines where it can be one.
std::string TomlString(std::string_view text);

}  // namespace regreen
