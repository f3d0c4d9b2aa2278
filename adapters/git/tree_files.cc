#include "adapters/git/tree_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "adapters/git/dot_git.h"
#include "adapters/git/tree_editor.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

Status AddToIndex(git_index* index, const TreeChange& change, const std::string& folder) {
  struct stat info;
  if (lstat(Cat(folder, "/", change.path).c_str(), &info) != 0)
    return ErrnoStatus(errno, Cat("cannot look at ", EscapeControl(change.path)));
  git_index_entry entry = {};
  entry.ctime = {static_cast<std::int32_t>(info.st_ctim.tv_sec),
                 static_cast<std::uint32_t>(info.st_ctim.tv_nsec)};
  entry.mtime = {static_cast<std::int32_t>(info.st_mtim.tv_sec),
                 static_cast<std::uint32_t>(info.st_mtim.tv_nsec)};
  entry.dev = static_cast<std::uint32_t>(info.st_dev);
  entry.ino = static_cast<std::uint32_t>(info.st_ino);
  entry.uid = info.st_uid;
  entry.gid = info.st_gid;
  entry.file_size = static_cast<std::uint32_t>(info.st_size);
  entry.mode = change.mode;
  entry.id = change.id;
  entry.path = change.path.c_str();
  const int code = git_index_add(index, &entry);
  if (code != 0) return GitError(code, Cat("cannot note ", EscapeControl(change.path)));
  return OkStatus();
}

// A tree is a stranger's: one that no git would write may call a folder "..", or hold one name as a
// link and as a folder that would be written through it.
Status CheckEntry(git_tree* tree, const git_tree_entry* entry, const std::string& path) {
  const std::string_view name = git_tree_entry_name(entry);
  std::string_view why;
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos)
    why = "the name leads elsewhere";
  else if (const std::string lower = Lower(name); lower == ".git" || lower == "git~1")
    why = "the name is git's own";
  else if (git_tree_entry_byname(tree, git_tree_entry_name(entry)) != entry)
    why = "there are two of the name";
  if (why.empty()) return OkStatus();
  return InvalidArgument(Cat(EscapeControl(path), " cannot be checked out: ", why));
}

// A folder below one of ours, made where it is missing. No link is followed, whatever is there.
StatusOr<UniqueFd> FolderBelow(const std::string& root, std::string_view path) {
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd folder(open(root.c_str(), kFlags));
  if (!folder) return ErrnoStatus(errno, Cat("cannot open ", root));
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty()) continue;
    const std::string name(part);
    if (mkdirat(folder.get(), name.c_str(), 0777) != 0 && errno != EEXIST)
      return ErrnoStatus(errno, Cat("cannot make the folder ", EscapeControl(path)));
    UniqueFd next(openat(folder.get(), name.c_str(), kFlags));
    if (!next) return ErrnoStatus(errno, Cat("cannot open the folder ", EscapeControl(path)));
    folder = std::move(next);
  }
  return folder;
}

// Compares two trees, and skips what is the same in both.
class Comparison {
 public:
  explicit Comparison(git_repository* repository) : repository_(repository) {}

  Status Folder(git_tree* from, git_tree* to, const std::string& prefix) {
    for (std::size_t i = 0; from != nullptr && i < git_tree_entrycount(from); ++i) {
      const git_tree_entry* old = git_tree_entry_byindex(from, i);
      const char* name = git_tree_entry_name(old);
      RETURN_IF_ERROR(
          Entry(old, to == nullptr ? nullptr : git_tree_entry_byname(to, name), Cat(prefix, name)));
    }
    for (std::size_t i = 0; to != nullptr && i < git_tree_entrycount(to); ++i) {
      const git_tree_entry* added = git_tree_entry_byindex(to, i);
      const char* name = git_tree_entry_name(added);
      RETURN_IF_ERROR(CheckEntry(to, added, Cat(prefix, name)));
      if (from != nullptr && git_tree_entry_byname(from, name) != nullptr) continue;
      RETURN_IF_ERROR(Entry(nullptr, added, Cat(prefix, name)));
    }
    return OkStatus();
  }
  std::vector<TreeChange> Take() {
    gone_.insert(gone_.end(), std::make_move_iterator(added_.begin()),
                 std::make_move_iterator(added_.end()));
    return std::move(gone_);
  }

 private:
  Status Entry(const git_tree_entry* from, const git_tree_entry* to, const std::string& path) {
    const bool same = from != nullptr && to != nullptr &&
                      git_tree_entry_filemode(from) == git_tree_entry_filemode(to) &&
                      git_oid_equal(git_tree_entry_id(from), git_tree_entry_id(to)) != 0;
    if (same) return OkStatus();
    ASSIGN_OR_RETURN(const TreePtr from_tree, TreeAt(from));
    ASSIGN_OR_RETURN(const TreePtr to_tree, TreeAt(to));
    if (from != nullptr && from_tree == nullptr) gone_.push_back({path, true});
    if (to != nullptr && to_tree == nullptr)
      added_.push_back({path, false, *git_tree_entry_id(to), git_tree_entry_filemode(to)});
    if (from_tree == nullptr && to_tree == nullptr) return OkStatus();
    return Folder(from_tree.get(), to_tree.get(), path + "/");
  }
  // nullptr for what is no tree.
  StatusOr<TreePtr> TreeAt(const git_tree_entry* entry) const {
    if (entry == nullptr || git_tree_entry_type(entry) != GIT_OBJECT_TREE) return TreePtr();
    int code = 0;
    auto tree = GitMake<TreePtr>(code, git_tree_lookup, repository_, git_tree_entry_id(entry));
    if (code != 0) return GitError(code, "cannot read a tree");
    return tree;
  }

  git_repository* repository_;
  std::vector<TreeChange> gone_, added_;
};

}  // namespace

Status WriteTreeEntry(git_repository* repository, const git_oid& id, git_filemode_t mode,
                      const std::string& folder, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  if (mode == GIT_FILEMODE_COMMIT) return FolderBelow(folder, path).status();
  ASSIGN_OR_RETURN(const UniqueFd parent,
                   FolderBelow(folder, std::string_view(path).substr(0, begin)));
  const std::string file = Cat("/proc/self/fd/", parent.get(), "/", path.substr(begin));
  int code = 0;
  const auto blob = GitMake<BlobPtr>(code, git_blob_lookup, repository, &id);
  if (code != 0) return GitError(code, Cat("cannot read ", EscapeControl(path)));
  const std::string_view bytes(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                               static_cast<std::size_t>(git_blob_rawsize(blob.get())));
  if (mode != GIT_FILEMODE_LINK) {
    return Annotate(WriteNewFile(file, bytes, mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644),
                    EscapeControl(path));
  }
  if (symlinkat(std::string(bytes).c_str(), parent.get(), path.c_str() + begin) != 0)
    return ErrnoStatus(errno, Cat("cannot make the link ", EscapeControl(path)));
  return OkStatus();
}

StatusOr<std::vector<TreeChange>> ChangesBetween(git_repository* repository, git_tree* from,
                                                 git_tree* to) {
  Comparison comparison(repository);
  RETURN_IF_ERROR(comparison.Folder(from, to, ""));
  return comparison.Take();
}

StatusOr<TreePtr> PartOf(git_repository* repository, git_tree* tree,
                         const std::set<std::string>& paths) {
  TreeEditor part(repository, nullptr);
  int code = 0;
  for (const std::string& path : paths) {
    const auto entry = GitMake<TreeEntryPtr>(code, git_tree_entry_bypath, tree, path.c_str());
    if (entry == nullptr || git_tree_entry_type(entry.get()) == GIT_OBJECT_TREE) continue;
    part.Set(path, *git_tree_entry_id(entry.get()), git_tree_entry_filemode(entry.get()));
  }
  ASSIGN_OR_RETURN(const git_oid id, part.Write());
  auto made = GitMake<TreePtr>(code, git_tree_lookup, repository, &id);
  if (code != 0) return GitError(code, "cannot read a tree");
  return made;
}

Status WriteUpdatedIndex(const std::string& from, const std::string& to,
                         const std::vector<TreeChange>& changes, const std::string& folder) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (error) return ErrnoStatus(error.value(), "cannot copy an index");
  int code = 0;
  const auto index = GitMake<IndexPtr>(code, git_index_open, to.c_str());
  if (code != 0) return GitError(code, "cannot read the index of a checkout");
  for (const TreeChange& change : changes) {
    if (!change.gone) {
      RETURN_IF_ERROR(AddToIndex(index.get(), change, folder));
      continue;
    }
    code = git_index_remove(index.get(), change.path.c_str(), 0);
    if (code != 0) return GitError(code, Cat("cannot forget ", EscapeControl(change.path)));
  }
  code = git_index_write(index.get());
  if (code != 0) return GitError(code, "cannot write the index of a checkout");
  return OkStatus();
}

}  // namespace regreen
