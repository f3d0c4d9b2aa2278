// Writes a diff in the form of `git diff --binary --full-index`.
#pragma once

#include <string>

#include "adapters/git/library.h"

namespace regreen {

// The headers are ours: libgit2 neither quotes a name with a space nor leaves out the index line of
// a file whose mode alone changed, and then cannot read its own patch back. Git reads both forms.
StatusOr<std::string> PrintDiff(git_diff* diff);

}  // namespace regreen
