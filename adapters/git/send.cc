#include <algorithm>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <vector>

#include "adapters/git/dot_git.h"
#include "adapters/git/tar_writer.h"
#include "adapters/git/tree.h"
#include "adapters/git/trusted_repository.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr int kMostDepth = 1000;
// The clocks of two machines differ; a file of the future would be a riddle to every build tool.
constexpr std::int64_t kClockSlack = 24 * 3600;

// Of every file: the commit's own time, so that the same commit is the same tree, wherever it is
// sent, and git finds in its index what it finds on the disk.
std::int64_t TimeOfFiles(git_commit* commit) {
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  return std::clamp<std::int64_t>(git_commit_time(commit), 1, now - kClockSlack);
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && Lower(name) != ".git" &&
         name.find('/') == std::string_view::npos;
}

// Writes a tree's files to a stream, and notes each in an index.
class TreeSender {
 public:
  TreeSender(git_repository* repository, git_index* index, TarWriter& out, std::int64_t time,
             std::stop_token stop)
      : repository_(repository), index_(index), out_(out), time_(time), stop_(std::move(stop)) {}

  Status Folder(git_tree* tree, const std::string& prefix, int depth) {
    if (depth > kMostDepth) return InvalidArgument("the folders of a commit are nested too deeply");
    if (stop_.stop_requested()) return Cancelled("stopped while a workspace was being opened");
    for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
      const std::string name = git_tree_entry_name(entry);
      const std::string path = Cat(prefix, name);
      if (!IsPlainName(name))
        return InvalidArgument(
            Cat("the commit holds a name that git refuses: ", EscapeControl(path)));
      if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) {
        RETURN_IF_ERROR(Leaf(entry, path));
        continue;
      }
      int code = 0;
      const auto below =
          GitMake<TreePtr>(code, git_tree_lookup, repository_, git_tree_entry_id(entry));
      if (code != 0) return GitError(code, "cannot read a tree");
      RETURN_IF_ERROR(Folder(below.get(), path + "/", depth + 1));
    }
    return OkStatus();
  }

 private:
  Status Leaf(const git_tree_entry* entry, const std::string& path) {
    const git_filemode_t mode = git_tree_entry_filemode(entry);
    if (mode == GIT_FILEMODE_COMMIT) {
      RETURN_IF_ERROR(Note(*git_tree_entry_id(entry), mode, 0, path));
      return out_.AddFolder(path);
    }
    int code = 0;
    const auto blob =
        GitMake<BlobPtr>(code, git_blob_lookup, repository_, git_tree_entry_id(entry));
    if (code != 0) return GitError(code, Cat("cannot read ", EscapeControl(path)));
    const std::string_view bytes(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                 static_cast<std::size_t>(git_blob_rawsize(blob.get())));
    RETURN_IF_ERROR(Note(*git_tree_entry_id(entry), mode, bytes.size(), path));
    if (mode == GIT_FILEMODE_LINK) return out_.AddLink(path, bytes);
    return out_.AddFile(path, mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644, bytes);
  }
  Status Note(const git_oid& id, git_filemode_t mode, std::size_t size, const std::string& path) {
    git_index_entry entry = {};
    entry.mtime.seconds = static_cast<std::int32_t>(time_);
    entry.ctime = entry.mtime;
    entry.file_size = static_cast<std::uint32_t>(size);
    entry.mode = mode;
    entry.id = id;
    entry.path = path.c_str();
    const int code = git_index_add(index_, &entry);
    return code == 0 ? OkStatus() : GitError(code, Cat("cannot note ", EscapeControl(path)));
  }

  git_repository* repository_;
  git_index* index_;
  TarWriter& out_;
  const std::int64_t time_;
  const std::stop_token stop_;
};

// One pack of the commits and all that is in them, in a folder of ours.
Status WritePack(git_repository* repository, const std::vector<git_oid>& commits,
                 const std::string& folder) {
  int code = 0;
  const auto config = GitMake<ConfigPtr>(code, git_repository_config, repository);
  // Deltas would be looked for longer than it takes to send what they save.
  if (code == 0) code = git_config_set_int64(config.get(), "core.bigFileThreshold", 1);
  if (code != 0) return GitError(code, "cannot configure a repository");
  const auto pack = GitMake<PackBuilderPtr>(code, git_packbuilder_new, repository);
  if (code != 0) return GitError(code, "cannot begin a pack");
  git_packbuilder_set_threads(pack.get(), 1);
  for (const git_oid& commit : commits) {
    code = git_packbuilder_insert_commit(pack.get(), &commit);
    if (code != 0) return GitError(code, "cannot put a commit into a pack");
  }
  RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  code = git_packbuilder_write(pack.get(), folder.c_str(), 0600, nullptr, nullptr);
  return code == 0 ? OkStatus() : GitError(code, "cannot write a pack");
}

Status AddDotGit(TarWriter& out, const TrustedFolders& folders, const std::string& base,
                 const std::string& head) {
  for (const char* folder : {".git", ".git/refs/heads", ".git/refs/tags", ".git/info"})
    RETURN_IF_ERROR(out.AddFolder(folder));
  RETURN_IF_ERROR(out.AddFile(".git/HEAD", 0644, Cat(head, "\n")));
  RETURN_IF_ERROR(out.AddFile(".git/config", 0644, kDotGitConfig));
  // Where its history ends, so that git does not miss the parents.
  RETURN_IF_ERROR(out.AddFile(".git/shallow", 0644, Cat(base, "\n")));
  const std::string packs = Cat(folders.repository, "/sent");
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(packs, error)) {
    RETURN_IF_ERROR(out.AddFileFrom(Cat(".git/objects/pack/", entry.path().filename().string()),
                                    0444, entry.path().string()));
  }
  if (error) return ErrnoStatus(error.value(), Cat("cannot list ", packs));
  return out.AddFileFrom(".git/index", 0644, folders.index);
}

}  // namespace

StatusOr<std::string> SendCheckout(const CheckoutSpec& spec, int file, std::stop_token stop) {
  const TrustedFolders folders(spec.trusted_git);
  ASSIGN_OR_RETURN(const RepositoryPtr repository, CreateTrustedRepository(folders, spec.mirror));
  ASSIGN_OR_RETURN(const git_oid head, CommitToCheckOut(repository.get(), spec));
  ASSIGN_OR_RETURN(const CommitPtr commit, LookUpCommit(repository.get(), ToHex(head)));
  ASSIGN_OR_RETURN(const CommitPtr base, LookUpCommit(repository.get(), spec.commit));
  ASSIGN_OR_RETURN(const TreePtr tree, TreeOf(commit.get()));
  std::vector<git_oid> commits = {*git_commit_id(base.get())};
  if (!git_oid_equal(&commits[0], &head)) commits.push_back(head);
  RETURN_IF_ERROR(WritePack(repository.get(), commits, Cat(folders.repository, "/sent")));
  int code = 0;
  const auto index = GitMake<IndexPtr>(code, git_index_open, folders.index.c_str());
  if (code != 0) return GitError(code, "cannot make an index");
  const std::int64_t time = TimeOfFiles(base.get());
  TarWriter out(file, time);
  TreeSender sender(repository.get(), index.get(), out, time, std::move(stop));
  RETURN_IF_ERROR(sender.Folder(tree.get(), "", 0));
  code = git_index_write(index.get());
  if (code != 0) return GitError(code, "cannot write an index");
  RETURN_IF_ERROR(AddDotGit(out, folders, spec.commit, ToHex(head)));
  RETURN_IF_ERROR(out.End());
  std::error_code error;
  fs::remove_all(Cat(folders.repository, "/sent"), error);
  if (error) return ErrnoStatus(error.value(), "cannot remove a pack that was sent");
  return ToHex(head);
}

}  // namespace regreen
