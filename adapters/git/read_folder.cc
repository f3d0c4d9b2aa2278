#include "adapters/git/read_folder.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

StatusOr<TreePtr> Descend(git_repository* repository, TreePtr root, const std::string& path) {
  if (path.empty()) return root;
  int code = 0;
  auto entry = GitMake<TreeEntryPtr>(code, git_tree_entry_bypath, root.get(), path.c_str());
  if (code != 0 || git_tree_entry_type(entry.get()) != GIT_OBJECT_TREE) {
    return NotFound(Cat("there is no folder ", EscapeControl(path), " in the commit"));
  }
  auto tree = GitMake<TreePtr>(code, git_tree_lookup, repository, git_tree_entry_id(entry.get()));
  if (code != 0) return GitError(code, Cat("cannot read the folder ", EscapeControl(path)));
  return tree;
}

bool IsRegular(const git_tree_entry* entry) {
  const git_filemode_t mode = git_tree_entry_filemode(entry);
  return git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
         (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE);
}

}  // namespace

StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolder(git_repository* repository,
                                                                      TreePtr root,
                                                                      const std::string& path,
                                                                      const FolderLimits& limits) {
  ASSIGN_OR_RETURN(const TreePtr tree, Descend(repository, std::move(root), path));
  std::vector<std::pair<std::string, std::string>> files;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    if (!IsRegular(entry)) continue;
    if (files.size() >= limits.files) {
      return ResourceExhausted(
          Cat("the folder ", EscapeControl(path), " holds more than ", limits.files, " files"));
    }
    int code = 0;
    auto blob = GitMake<BlobPtr>(code, git_blob_lookup, repository, git_tree_entry_id(entry));
    if (code != 0) return GitError(code, Cat("cannot read a file of ", EscapeControl(path)));
    const auto size = static_cast<std::size_t>(git_blob_rawsize(blob.get()));
    if (size > limits.bytes - bytes) {
      return ResourceExhausted(
          Cat("the folder ", EscapeControl(path), " holds more than ", limits.bytes, " bytes"));
    }
    bytes += size;
    files.emplace_back(
        git_tree_entry_name(entry),
        std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())), size));
  }
  return files;
}

}  // namespace regreen
