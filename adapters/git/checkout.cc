#include <filesystem>
#include <system_error>

#include "adapters/git/dot_git.h"
#include "adapters/git/tree.h"
#include "adapters/git/trusted_repository.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

Status WriteFiles(git_repository* repository, const git_oid& commit_id,
                  const std::string& worktree) {
  int code = git_repository_set_workdir(repository, worktree.c_str(), 0);
  if (code != 0) return GitError(code, Cat("cannot use the folder ", worktree));
  ASSIGN_OR_RETURN(CommitPtr commit, LookUpCommit(repository, ToHex(commit_id)));
  git_checkout_options options;
  git_checkout_options_init(&options, GIT_CHECKOUT_OPTIONS_VERSION);
  options.checkout_strategy = GIT_CHECKOUT_FORCE;
  options.disable_filters = 1;
  code = git_checkout_tree(repository, reinterpret_cast<const git_object*>(commit.get()), &options);
  if (code != 0) return GitError(code, Cat("cannot check out the commit ", ToHex(commit_id)));
  return OkStatus();
}

}  // namespace

Status Checkout(const CheckoutSpec& spec) {
  const TrustedFolders folders(spec.trusted_git);
  ASSIGN_OR_RETURN(RepositoryPtr repository, CreateTrustedRepository(folders, spec.mirror));
  ASSIGN_OR_RETURN(const git_oid head, CommitToCheckOut(repository.get(), spec));
  RETURN_IF_ERROR(WriteFiles(repository.get(), head, spec.worktree));
  std::error_code error;
  std::filesystem::rename(Cat(folders.repository, "/index"), folders.index, error);
  if (error) return ErrnoStatus(error.value(), "cannot keep the index of a checkout");
  RETURN_IF_ERROR(WriteDotGit(spec, folders, head));
  return WriteNewFile(folders.stamp, "", 0644);
}

}  // namespace regreen
