// Writing single files of a commit's tree into a folder that only we write to, and telling an index
// of them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "adapters/git/library.h"

namespace regreen {

// Writes one entry of a tree: a file, a link, or the empty folder of a submodule. Its folder is
// made. The path must not be there yet.
Status WriteTreeEntry(git_repository* repository, const git_oid& id, git_filemode_t mode,
                      const std::string& folder, const std::string& path);

struct TreeChange {
  std::string path;
  bool gone = false;
  git_oid id = {};  // unless it is gone
  git_filemode_t mode = GIT_FILEMODE_UNREADABLE;
};
// What makes one tree of another, without renames, in time that depends on what differs: libgit2's
// own comparison reads both trees whole. What changes its kind is gone and is added; what is gone
// stands first.
StatusOr<std::vector<TreeChange>> ChangesBetween(git_repository* repository, git_tree* from,
                                                 git_tree* to);

// A tree of those files of `tree` that have these paths.
StatusOr<TreePtr> PartOf(git_repository* repository, git_tree* tree,
                         const std::set<std::string>& paths);

// Brings a copy of the index file `from` up to date with the changes, whose files lie in `folder`.
Status WriteUpdatedIndex(const std::string& from, const std::string& to,
                         const std::vector<TreeChange>& changes, const std::string& folder);

}  // namespace regreen
