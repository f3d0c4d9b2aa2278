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

// Folders below that are looked at; a tree that holds itself many times over is a stranger's.
constexpr std::size_t kMostFolders = 20'000;
constexpr int kMostDepth = 64;

using Files = std::vector<std::pair<std::string, std::string>>;

class FolderReader {
 public:
  FolderReader(git_repository* repository, const std::string& path, const FolderLimits& limits)
      : repository_(repository), path_(EscapeControl(path)), limits_(limits) {}

  Status Read(git_tree* tree, const std::string& prefix, int depth) {
    if (++folders_ > kMostFolders || depth > kMostDepth)
      return ResourceExhausted(Cat("the folder ", path_, " holds more folders than are looked at"));
    for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
      const std::string name = Cat(prefix, git_tree_entry_name(entry));
      if (git_tree_entry_type(entry) == GIT_OBJECT_TREE && limits_.below) {
        int code = 0;
        auto folder =
            GitMake<TreePtr>(code, git_tree_lookup, repository_, git_tree_entry_id(entry));
        if (code != 0) return GitError(code, Cat("cannot read a folder of ", path_));
        RETURN_IF_ERROR(Read(folder.get(), Cat(name, "/"), depth + 1));
      }
      if (IsRegular(entry) && (!limits_.wants || limits_.wants(name)))
        RETURN_IF_ERROR(Add(entry, name));
    }
    return OkStatus();
  }

  Files Take() { return std::move(files_); }

 private:
  Status Add(const git_tree_entry* entry, const std::string& name) {
    if (files_.size() >= limits_.files)
      return ResourceExhausted(
          Cat("the folder ", path_, " holds more than ", limits_.files, " files"));
    int code = 0;
    auto blob = GitMake<BlobPtr>(code, git_blob_lookup, repository_, git_tree_entry_id(entry));
    if (code != 0) return GitError(code, Cat("cannot read a file of ", path_));
    const auto size = static_cast<std::size_t>(git_blob_rawsize(blob.get()));
    if (size > limits_.bytes - bytes_)
      return ResourceExhausted(
          Cat("the folder ", path_, " holds more than ", limits_.bytes, " bytes"));
    bytes_ += size;
    files_.emplace_back(
        name, std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())), size));
    return OkStatus();
  }

  git_repository* const repository_;
  const std::string path_;
  const FolderLimits& limits_;
  Files files_;
  std::size_t bytes_ = 0, folders_ = 0;
};

}  // namespace

StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolder(git_repository* repository,
                                                                      TreePtr root,
                                                                      const std::string& path,
                                                                      const FolderLimits& limits) {
  ASSIGN_OR_RETURN(const TreePtr tree, Descend(repository, std::move(root), path));
  FolderReader reader(repository, path, limits);
  RETURN_IF_ERROR(reader.Read(tree.get(), "", 0));
  return reader.Take();
}

}  // namespace regreen
