// What the guard looks for, as data: policies/guard/*.toml. Immutable, shared between threads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/regex.h"
#include "daemon/base/regex_filter.h"
#include "daemon/base/toml.h"
#include "daemon/domain/patch.h"

namespace regreen {

struct GuardSource {
  std::string file;  // for messages
  std::string text;
};

// What every rule has.
struct GuardRule {
  std::string name;
  std::string about;  // ends the sentence of a finding: "skips a test"
  Severity severity = Severity::kRefuse;
  std::vector<std::string> examples, counter_examples;  // what each kind of rule takes
  Position where;
};

// Globs of files that a rule is about.
struct FileGlobs {
  std::vector<std::string> files, except;  // no files: any
};

// Globs of paths, compared without regard to the case of ASCII letters: some file systems have
// none. Examples are paths.
struct ProtectedPaths : GuardRule {
  enum class Lift {
    kLiteral,  // only a [guard] paths entry that is the very path, without wildcards
    kGlob,     // any [guard] paths entry that matches
  };
  std::vector<std::string> paths;
  Lift lift = Lift::kLiteral;
};

// Files that a patch must not delete. One that is added anew elsewhere, with nearly the same text,
// and that every glob matches which matched the old name, was moved. Examples are paths.
struct DeletedFiles : GuardRule {
  std::vector<std::string> paths;
};

// Files that must not change alone: something that is neither among them nor a test must change
// too, or the template's [guard] paths must match them. Examples are paths.
struct LoneFiles : GuardRule {
  std::vector<std::string> paths;
  std::vector<std::string> beside;  // what does not count as something else
};

// A pattern that an added line must not match, unless the patch takes the same text out. Examples
// are texts.
struct AddedText : GuardRule {
  std::vector<Regex> patterns;
  std::optional<Regex> any;  // all patterns in one: a line that it does not match needs no other
  FileGlobs in;
  bool across = false;  // looked for in added lines that follow each other, joined by line breaks
  bool secret = false;  // the match is never shown, no template may allow it, and texts are judged
  bool texts = false;   // also judged in titles, messages and branch names
};

// What a patch must not make fewer: matches that it takes out and that it nowhere adds, more than
// it adds in the same file. Comments do not count. Examples are lines.
struct FewerLines : GuardRule {
  std::optional<Regex> any;
  FileGlobs in;
};

// An old text that is replaced by a weaker one, in lines that are changed together. In the file
// "old => new"; examples too.
struct LoosenedText : GuardRule {
  struct Pair {
    Regex from, to;
  };
  std::vector<Pair> pairs;
  FileGlobs in;
};

// A number, the group "n" of a pattern, that must not move one way; examples are "old => new".
struct MovedNumber : GuardRule {
  std::vector<Regex> patterns;
  bool up = true;         // which way is wrong
  bool and_gone = false;  // it must not be taken out either
  FileGlobs in;
};

// Lines that nobody reads. A length needs no example.
struct LongLines : GuardRule {
  int longest = 0;  // bytes
  FileGlobs in;
};

// Words that look random: their letters, of both cases, and digits change kind often. Hexadecimal
// digits are digests. Examples are lines.
struct RandomText : GuardRule {
  int shortest = 0;             // bytes of a word
  double bits = 0;              // of entropy of a character, at least
  std::optional<Regex> unless;  // lines that say what their digest is of
  FileGlobs in;
};

class GuardRules {
 public:
  // All mistakes of all files are noted. nullptr when there was an error in these files, or when
  // they hold no rule at all: a guard without rules would let everything pass.
  static std::shared_ptr<const GuardRules> Load(std::span<const GuardSource> sources,
                                                Problems& problems);

  // What a template's [guard] allow may name.
  std::vector<std::string> AllowableNames() const;
  // For each rule on added text, whether it may match anywhere in the text.
  std::vector<bool> Candidates(std::string_view text) const;

  std::vector<ProtectedPaths> protected_paths;
  std::vector<DeletedFiles> deleted_files;
  std::vector<LoneFiles> lone_files;
  std::vector<AddedText> added_text;
  std::vector<FewerLines> fewer_lines;
  std::vector<LoosenedText> loosened_text;
  std::vector<MovedNumber> moved_numbers;
  std::vector<LongLines> long_lines;
  std::vector<RandomText> random_text;

 private:
  std::optional<RegexFilter> filter_;  // of `added_text`
};

// Whether each rule finds its examples and none of its counter-examples. A rule without examples is
// a warning.
void CheckExamples(const GuardRules& rules, Problems& problems);

}  // namespace regreen
