#include "adapters/git/dot_git.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "adapters/git/apply.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

}  // namespace

// checkStat: the owner, inode and nanoseconds of a file may look different inside a workspace, and
// git would call each file changed until it has read it.
const char kDotGitConfig[] =
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
  return CommitPatch(repository, *spec.patch, VerifiedPatchText(base.get()));
}

Status WriteNewFile(const std::string& path, std::string_view bytes, unsigned mode) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return ErrnoStatus(errno, Cat("cannot make ", path));
  while (!bytes.empty()) {
    const ssize_t n = write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, Cat("cannot write ", path));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fchmod(fd.get(), mode) != 0) return ErrnoStatus(errno, Cat("cannot set the mode of ", path));
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

Status WriteDotGit(const CheckoutSpec& spec, const TrustedFolders& folders, const git_oid& head) {
  const std::string dot_git = Cat(spec.worktree, "/.git");
  for (const char* folder : {"objects/info", "objects/pack", "refs/heads", "refs/tags", "info"}) {
    RETURN_IF_ERROR(MakeDirectories(Cat(dot_git, "/", folder)));
  }
  RETURN_IF_ERROR(WriteNewFile(Cat(dot_git, "/HEAD"), Cat(ToHex(head), "\n"), 0644));
  RETURN_IF_ERROR(WriteNewFile(Cat(dot_git, "/config"), kDotGitConfig, 0644));
  RETURN_IF_ERROR(
      WriteNewFile(Cat(dot_git, "/objects/info/alternates"), Cat(spec.alternates, "\n"), 0644));
  RETURN_IF_ERROR(CopyOwnObjects(Cat(folders.repository, "/objects"), Cat(dot_git, "/objects")));
  std::error_code error;
  // Of a shallow repository git must know where its history ends, or it misses the parents.
  if (fs::exists(Cat(spec.mirror, "/shallow"), error)) {
    fs::copy_file(Cat(spec.mirror, "/shallow"), Cat(dot_git, "/shallow"), error);
    if (error) return ErrnoStatus(error.value(), Cat("cannot copy to ", dot_git));
  }
  fs::copy_file(folders.index, Cat(dot_git, "/index"), error);
  if (error) return ErrnoStatus(error.value(), Cat("cannot copy the index to ", dot_git));
  return OkStatus();
}

}  // namespace regreen
