// A developer's own repository, for repairs by hand. It is read as it is; the one thing ever
// written is a commit and one new branch.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/patch.h"

namespace regreen {

struct LocalRepository {
  std::string git_folder;  // that holds the objects and refs
  std::string worktree;    // its root
  std::string prefix;      // of the given folder below the root, "" for the root itself
  std::string head;        // commit
  std::string branch;      // "" when HEAD is detached
};

// The repository around `folder`. NotFound when there is none; InvalidArgument with a sentence when
// it cannot be worked on as it is: bare, without a commit, in the middle of a merge or rebase, or
// with changes of tracked files that are not committed. Untracked files are no obstacle: they take
// no part.
StatusOr<LocalRepository> InspectLocalRepository(const std::string& folder);

struct LocalCommit {
  std::string branch;  // under refs/heads
  std::string message, author_name, author_email;
  absl::Time when;
};

// Commits the patch on its base and makes the branch at it. A branch of this name that holds the
// same repair is left and answered, any other is FailedPrecondition. Answers the commit. Touches no
// other ref, and neither HEAD, index nor working tree.
StatusOr<std::string> CommitToNewBranch(const LocalRepository& repository, const Patch& patch,
                                        const LocalCommit& commit);

}  // namespace regreen
