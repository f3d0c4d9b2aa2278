// What the guard looks for, as data: policies/guard/*.toml. Immutable, shared between threads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/regex.h"
#include "daemon/base/toml.h"

namespace regreen {

struct GuardSource {
  std::string file;  // for messages
  std::string text;
};

// Globs of paths, compared without regard to the case of ASCII letters: some file systems have
// none.
struct ProtectedPaths {
  enum class Lift {
    kLiteral,  // only a [guard] paths entry that is the very path, without wildcards
    kGlob,     // any [guard] paths entry that matches
  };
  std::string name;
  std::string about;  // what the files are, for the sentence: "defines what the CI runs"
  std::vector<std::string> paths;
  Lift lift = Lift::kLiteral;
};

// A pattern that an added line must not match, unless the same file lost the same text.
struct AddedText {
  std::string name;
  std::string about;  // "skips a test"
  std::vector<Regex> patterns;
  std::optional<Regex> any;  // all patterns in one: a line that it does not match needs no other
  std::vector<std::string> files, except;  // globs; no files: any
  bool secret = false;                     // the match is never shown
};

// Files that a patch must not delete.
struct DeletedFiles {
  std::string name;
  std::string about;
  std::vector<std::string> paths;
};

class GuardRules {
 public:
  // All mistakes of all files are noted. nullptr when there was an error in these files, or when
  // they hold no rule at all: a guard without rules would let everything pass.
  static std::shared_ptr<const GuardRules> Load(std::span<const GuardSource> sources,
                                                Problems& problems);

  const std::vector<ProtectedPaths>& protected_paths() const { return protected_; }
  const std::vector<AddedText>& added_text() const { return added_; }
  const std::vector<DeletedFiles>& deleted_files() const { return deleted_; }

 private:
  std::vector<ProtectedPaths> protected_;
  std::vector<AddedText> added_;
  std::vector<DeletedFiles> deleted_;
};

}  // namespace regreen
