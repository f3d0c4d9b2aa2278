// Pushing to a repository of this machine, with or without a working tree. libgit2's own local
// transport refuses those that have one.
#pragma once

#include "adapters/git/wire.h"

namespace regreen {

// Copies what the commit adds to its parent, then moves the ref from the expected tip, which is
// compared under the ref's lock. Touches no working tree, index or HEAD: a branch that is checked
// out is InvalidArgument. Aborted when the tip is another one; NotFound when the parent is not
// there.
Status PushToFolder(const GitRequest& request);

}  // namespace regreen
