// Globs as people write them in templates. `*` is any run without '/', `**` any run, `?` one
// character.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/toml.h"

namespace regreen {

// What is wrong with a glob, as a clause, or "" when nothing is. `names_a_path`: it is matched
// against a file's path in the repository, so what no such path can look like is a mistake too.
std::string GlobMistake(std::string_view glob, bool names_a_path);

// Reads a list of globs (one string will do); mistakes and an empty list are noted at the key.
std::vector<std::string> ReadGlobs(TomlTable& table, std::string_view key, bool names_a_path);

}  // namespace regreen
