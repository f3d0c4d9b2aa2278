// Reads the tables of policies/guard/*.toml; private to the guard.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/guard/rules.h"

namespace regreen {

// "old => new", as pairs and examples write it. nullopt when there is no arrow.
std::optional<std::pair<std::string_view, std::string_view>> SplitArrow(std::string_view text);

class RuleReader {
 public:
  // [[set]]: names for globs, which rules call "@name". Sets come before the rules that use them.
  void ReadSet(TomlTable& table);
  ProtectedPaths ReadProtected(TomlTable& table);
  DeletedFiles ReadDeleted(TomlTable& table);
  LoneFiles ReadLone(TomlTable& table);
  AddedText ReadAdded(TomlTable& table);
  FewerLines ReadFewer(TomlTable& table);
  LoosenedText ReadLoosened(TomlTable& table);
  MovedNumber ReadNumber(TomlTable& table);
  LongLines ReadLong(TomlTable& table);
  RandomText ReadRandom(TomlTable& table);

  bool read_any() const { return !taken_.empty(); }

 private:
  void ReadCommon(TomlTable& table, GuardRule& rule);
  FileGlobs ReadFiles(TomlTable& table);
  std::vector<std::string> ReadGlobs(TomlTable& table, std::string_view key, bool required);

  std::set<std::string> taken_;
  std::map<std::string, std::vector<std::string>> sets_;
};

}  // namespace regreen
