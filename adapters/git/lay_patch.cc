// A patch laid over a checkout that nobody writes to.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "adapters/git/apply.h"
#include "adapters/git/dot_git.h"
#include "adapters/git/tree.h"
#include "adapters/git/tree_files.h"
#include "adapters/git/trusted_repository.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// GIT_OBJECT_INVALID when the tree has nothing of this path.
git_object_t KindAt(git_tree* tree, const std::string& path) {
  int code = 0;
  const auto entry = GitMake<TreeEntryPtr>(code, git_tree_entry_bypath, tree, path.c_str());
  return entry == nullptr ? GIT_OBJECT_INVALID : git_tree_entry_type(entry.get());
}

// What is to be hidden for a path that the new tree lacks: the path, or its outermost folder that
// is gone as a whole (so that no empty one is left). "" where something that is written hides it.
std::string WhatToHide(git_tree* tree, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const git_object_t kind = KindAt(tree, path.substr(0, slash));
    if (kind == GIT_OBJECT_INVALID) return path.substr(0, slash);
    if (kind != GIT_OBJECT_TREE) return "";
  }
  return KindAt(tree, path) == GIT_OBJECT_INVALID ? path : "";
}

Status WhiteOut(const std::string& upper, const std::string& path) {
  const std::string file = Cat(upper, "/", path);
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(file).parent_path()));
  // Linux lets anyone make this one device since 5.8.
  if (mknod(file.c_str(), S_IFCHR, makedev(0, 0)) == 0 || errno == EEXIST) return OkStatus();
  return ErrnoStatus(errno, Cat("cannot hide ", EscapeControl(path)));
}

Status LayFiles(git_repository* repository, git_tree* tree, const std::vector<TreeChange>& changes,
                const std::string& upper) {
  for (const TreeChange& change : changes) {
    if (!change.gone) {
      RETURN_IF_ERROR(WriteTreeEntry(repository, change.id, change.mode, upper, change.path));
      continue;
    }
    const std::string hidden = WhatToHide(tree, change.path);
    if (!hidden.empty()) RETURN_IF_ERROR(WhiteOut(upper, hidden));
  }
  return OkStatus();
}

}  // namespace

Status LayPatch(const OverlaidCheckout& checkout, const Patch& patch) {
  if (patch.base_commit != checkout.base.commit) {
    return InvalidArgument(
        Cat("the patch is for the commit ", patch.base_commit, ", not for ", checkout.base.commit));
  }
  const TrustedFolders folders(checkout.trusted_git);
  ASSIGN_OR_RETURN(RepositoryPtr repository,
                   CreateTrustedRepository(folders, checkout.base.mirror));
  ASSIGN_OR_RETURN(CommitPtr base, LookUpCommit(repository.get(), patch.base_commit));
  ASSIGN_OR_RETURN(const git_oid head,
                   CommitPatch(repository.get(), patch, VerifiedPatchText(base.get())));
  ASSIGN_OR_RETURN(CommitPtr commit, LookUpCommit(repository.get(), ToHex(head)));
  ASSIGN_OR_RETURN(TreePtr from, TreeOf(base.get()));
  ASSIGN_OR_RETURN(TreePtr to, TreeOf(commit.get()));
  ASSIGN_OR_RETURN(const std::vector<TreeChange> changes,
                   ChangesBetween(repository.get(), from.get(), to.get()));
  RETURN_IF_ERROR(LayFiles(repository.get(), to.get(), changes, checkout.upper));
  const std::string dot_git = Cat(checkout.upper, "/.git");
  RETURN_IF_ERROR(MakeDirectories(Cat(dot_git, "/objects")));
  RETURN_IF_ERROR(WriteNewFile(Cat(dot_git, "/HEAD"), Cat(ToHex(head), "\n"), 0644));
  RETURN_IF_ERROR(CopyOwnObjects(Cat(folders.repository, "/objects"), Cat(dot_git, "/objects")));
  return WriteUpdatedIndex(TrustedFolders(checkout.base.trusted_git).index, Cat(dot_git, "/index"),
                           changes, checkout.upper);
}

}  // namespace regreen
