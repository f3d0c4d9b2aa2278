// Our own repository beside a worktree: what the trusted side knows of it, where nothing hostile
// can write. Its objects are its own and, by alternates, the mirror's.
#pragma once

#include <string>

#include "adapters/git/library.h"

namespace regreen {

struct TrustedFolders {
  explicit TrustedFolders(const std::string& root);
  std::string
      repository;       // bare, and without an index: attributes of the tree have no say in a diff
  std::string index;    // the state of the files as they were checked out
  std::string ignores;  // copies of .gitignore files, laid out as in the worktree
  std::string stamp;    // written when the checkout was over: newer files may have changed since
};

// Makes the folders. Any older content is an error.
StatusOr<RepositoryPtr> CreateTrustedRepository(const TrustedFolders& folders,
                                                const std::string& mirror);

}  // namespace regreen
