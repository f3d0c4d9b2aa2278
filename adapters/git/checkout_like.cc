// A checkout made of an older one: what is the same is linked, what differs is written.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>

#include "adapters/git/dot_git.h"
#include "adapters/git/tree.h"
#include "adapters/git/tree_files.h"
#include "adapters/git/trusted_repository.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

// Both sides are ours alone, so that names do not change under us.
class Linker {
 public:
  explicit Linker(const std::set<std::string, std::less<>>& left_out) : left_out_(left_out) {}

  Status Folder(int from, int to, const std::string& prefix) {
    const int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return ErrnoStatus(errno, Cat("cannot read the folder ", EscapeControl(prefix)));
    const std::unique_ptr<DIR, CloseDir> dir(fdopendir(copy));
    while (const dirent* entry = readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (prefix.empty() && name == ".git")) continue;
      const std::string path = Cat(prefix, name);
      if (left_out_.contains(path)) continue;
      RETURN_IF_ERROR(entry->d_type == DT_DIR ? Subfolder(from, to, entry->d_name, path)
                                              : Link(from, to, entry->d_name, path));
    }
    return OkStatus();
  }

 private:
  Status Link(int from, int to, const char* name, const std::string& path) {
    if (linkat(from, name, to, name, 0) == 0) return OkStatus();
    return ErrnoStatus(errno, Cat("cannot link ", EscapeControl(path)));
  }
  Status Subfolder(int from, int to, const char* name, const std::string& path) {
    const UniqueFd older(openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!older || mkdirat(to, name, 0755) != 0)
      return ErrnoStatus(errno, Cat("cannot make the folder ", EscapeControl(path)));
    const UniqueFd made(openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return ErrnoStatus(errno, Cat("cannot open the folder ", EscapeControl(path)));
    RETURN_IF_ERROR(Folder(older.get(), made.get(), path + "/"));
    // A folder whose files are all gone is gone as well; a submodule's was empty before.
    if (!IsEmpty(older.get())) unlinkat(to, name, AT_REMOVEDIR);
    return OkStatus();
  }
  static bool IsEmpty(int folder) {
    const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return false;
    const std::unique_ptr<DIR, CloseDir> dir(fdopendir(copy));
    int names = 0;
    while (readdir(dir.get()) != nullptr) ++names;
    return names <= 2;
  }

  const std::set<std::string, std::less<>>& left_out_;
};

Status LinkTree(const std::string& from, const std::string& to,
                const std::vector<TreeChange>& changes) {
  std::set<std::string, std::less<>> left_out;
  for (const TreeChange& change : changes) {
    if (change.gone) left_out.insert(change.path);
  }
  const UniqueFd older(open(from.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const UniqueFd made(open(to.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!older || !made) return ErrnoStatus(errno, Cat("cannot open ", from, " and ", to));
  return Linker(left_out).Folder(older.get(), made.get(), "");
}

}  // namespace

Status CheckoutLike(const CheckoutSpec& spec, const CheckoutSpec& older) {
  const TrustedFolders folders(spec.trusted_git);
  ASSIGN_OR_RETURN(RepositoryPtr repository, CreateTrustedRepository(folders, spec.mirror));
  ASSIGN_OR_RETURN(CommitPtr old_commit, LookUpCommit(repository.get(), older.commit));
  ASSIGN_OR_RETURN(CommitPtr commit, LookUpCommit(repository.get(), spec.commit));
  ASSIGN_OR_RETURN(TreePtr old_tree, TreeOf(old_commit.get()));
  ASSIGN_OR_RETURN(TreePtr tree, TreeOf(commit.get()));
  ASSIGN_OR_RETURN(const std::vector<TreeChange> changes,
                   ChangesBetween(repository.get(), old_tree.get(), tree.get()));
  RETURN_IF_ERROR(LinkTree(older.worktree, spec.worktree, changes));
  for (const TreeChange& change : changes) {
    if (change.gone) continue;
    RETURN_IF_ERROR(
        WriteTreeEntry(repository.get(), change.id, change.mode, spec.worktree, change.path));
  }
  RETURN_IF_ERROR(WriteUpdatedIndex(TrustedFolders(older.trusted_git).index, folders.index, changes,
                                    spec.worktree));
  ASSIGN_OR_RETURN(const git_oid head, ParseCommitId(spec.commit));
  RETURN_IF_ERROR(WriteDotGit(spec, folders, head));
  return WriteNewFile(folders.stamp, "", 0644);
}

}  // namespace regreen
