#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "adapters/git/apply.h"
#include "adapters/git/tree.h"
#include "adapters/git/trusted_repository.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

// checkStat: the owner, inode and nanoseconds of a file may look different inside a workspace, and
// git would call each file changed until it has read it.
constexpr char kConfig[] =
    "[core]\n"
    "\trepositoryformatversion = 0\n"
    "\tfilemode = true\n"
    "\tbare = false\n"
    "\tcheckStat = minimal\n"
    "[user]\n"
    "\tname = regreen\n"
    "\temail = regreen@localhost\n"
    "[gc]\n"
    "\tauto = 0\n";

StatusOr<git_oid> CommitToCheckOut(git_repository* repository, const CheckoutSpec& spec) {
  if (spec.patch == nullptr || spec.patch->empty()) return ParseCommitId(spec.commit);
  if (spec.patch->base_commit != spec.commit) {
    return InvalidArgument(
        Cat("the patch is for the commit ", spec.patch->base_commit, ", not for ", spec.commit));
  }
  ASSIGN_OR_RETURN(CommitPtr base, LookUpCommit(repository, spec.commit));
  return CommitPatch(repository, *spec.patch,
                     {"regreen", "regreen@localhost", "The patch that is being verified\n",
                      absl::FromUnixSeconds(git_commit_time(base.get()))});
}

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

// What the checkout wrote to our object store (the patch's objects) is needed inside too.
Status CopyOwnObjects(const std::string& from, const std::string& to) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(from, error)) {
    const std::string name = entry.path().filename().string();
    if (name == "info" || name == "pack") continue;
    fs::copy(entry.path(), fs::path(to) / name, fs::copy_options::recursive, error);
    if (error) break;
  }
  if (error) return ErrnoStatus(error.value(), Cat("cannot copy objects to ", to));
  return OkStatus();
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  // No sync: nothing of a workspace outlives the process.
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd || write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return ErrnoStatus(errno, Cat("cannot write ", path));
  }
  return OkStatus();
}

Status WriteDotGit(const CheckoutSpec& spec, const TrustedFolders& folders, const git_oid& head) {
  const std::string dot_git = Cat(spec.worktree, "/.git");
  for (const char* folder : {"objects/info", "objects/pack", "refs/heads", "refs/tags", "info"}) {
    RETURN_IF_ERROR(MakeDirectories(Cat(dot_git, "/", folder)));
  }
  RETURN_IF_ERROR(WriteFile(Cat(dot_git, "/HEAD"), Cat(ToHex(head), "\n")));
  RETURN_IF_ERROR(WriteFile(Cat(dot_git, "/config"), kConfig));
  RETURN_IF_ERROR(WriteFile(Cat(dot_git, "/objects/info/alternates"), Cat(spec.alternates, "\n")));
  RETURN_IF_ERROR(CopyOwnObjects(Cat(folders.repository, "/objects"), Cat(dot_git, "/objects")));
  std::error_code error;
  // Of a shallow repository git must know where its history ends, or it misses the parents.
  if (fs::exists(Cat(spec.mirror, "/shallow"), error)) {
    fs::copy_file(Cat(spec.mirror, "/shallow"), Cat(dot_git, "/shallow"), error);
    if (error) return ErrnoStatus(error.value(), Cat("cannot copy to ", dot_git));
  }
  fs::rename(Cat(folders.repository, "/index"), folders.index, error);
  if (!error) fs::copy_file(folders.index, Cat(dot_git, "/index"), error);
  if (error) return ErrnoStatus(error.value(), Cat("cannot copy the index to ", dot_git));
  return OkStatus();
}

}  // namespace

Status Checkout(const CheckoutSpec& spec) {
  const TrustedFolders folders(spec.trusted_git);
  ASSIGN_OR_RETURN(RepositoryPtr repository, CreateTrustedRepository(folders, spec.mirror));
  ASSIGN_OR_RETURN(const git_oid head, CommitToCheckOut(repository.get(), spec));
  RETURN_IF_ERROR(WriteFiles(repository.get(), head, spec.worktree));
  RETURN_IF_ERROR(WriteDotGit(spec, folders, head));
  return WriteFile(folders.stamp, "");
}

}  // namespace regreen
