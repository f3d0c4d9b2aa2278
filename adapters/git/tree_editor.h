// A tree made of another by some changes, in time that depends on the changes and the folders they
// are in, not on the size of the tree.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/git/library.h"

namespace regreen {

class TreeEditor {
 public:
  // `base` may be nullptr for the empty tree. Both outlive the editor.
  TreeEditor(git_repository* repository, git_tree* base) : repository_(repository), base_(base) {}

  // What stands at the path, or at a folder of it, gives way. The last word on a path holds.
  void Set(std::string path, const git_oid& id, git_filemode_t mode);
  // A file, or a folder with all that is in it but what Set puts there.
  void Remove(std::string path);

  // Writes the trees to the object store; no folder is left empty. InvalidArgument names a path
  // that git does not allow.
  StatusOr<git_oid> Write() const;

 private:
  struct Leaf {
    git_oid id;
    git_filemode_t mode;
  };
  using Edits = std::map<std::string, std::optional<Leaf>, std::less<>>;
  using EditIterator = Edits::const_iterator;
  // The edits in [begin, end) all lie below `prefix`; nullopt when nothing is left.
  StatusOr<std::optional<git_oid>> Folder(git_tree* base, EditIterator begin, EditIterator end,
                                          const std::string& prefix) const;
  Status Entry(git_treebuilder* builder, git_tree* base, EditIterator begin, EditIterator end,
               const std::string& prefix, const std::string& name) const;

  git_repository* repository_;
  git_tree* base_;
  Edits edits_;
};

}  // namespace regreen
