// What CI definitions say for a shell: variables that a command reads, and exports of their values.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "daemon/base/status.h"

namespace regreen {

bool IsVariableName(std::string_view name);
// As one word of a shell, whatever is in it.
std::string SingleQuoted(std::string_view text);

// Names that stand as $NAME or ${NAME…} anywhere in a script, quoted or not: what may be read.
std::set<std::string> VariablesRead(std::string_view script);
// Whether the script gives the variable a value itself, somewhere.
bool Assigns(std::string_view script, std::string_view name);
// Whether a shell, or the system that it runs on, has a variable of that name without being told.
bool IsOfShell(std::string_view name);

// A stranger's word for a sentence: in quotes, cut and escaped.
std::string Shown(std::string_view untrusted);
// A folder below the tree, normalised, "" for its root. InvalidArgument when it may be elsewhere.
StatusOr<std::string> FolderBelow(std::string_view written);

}  // namespace regreen
