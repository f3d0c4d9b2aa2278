#include "adapters/git/tree_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "adapters/git/dot_git.h"
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

TreeChange Added(const git_diff_file& file) {
  return {file.path, false, file.id, static_cast<git_filemode_t>(file.mode)};
}

}  // namespace

Status WriteTreeEntry(git_repository* repository, const git_oid& id, git_filemode_t mode,
                      const std::string& folder, const std::string& path) {
  const std::string file = Cat(folder, "/", path);
  if (mode == GIT_FILEMODE_COMMIT) return MakeDirectories(file);
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(file).parent_path()));
  int code = 0;
  const auto blob = GitMake<BlobPtr>(code, git_blob_lookup, repository, &id);
  if (code != 0) return GitError(code, Cat("cannot read ", EscapeControl(path)));
  const std::string_view bytes(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                               static_cast<std::size_t>(git_blob_rawsize(blob.get())));
  if (mode != GIT_FILEMODE_LINK)
    return WriteNewFile(file, bytes, mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644);
  if (symlink(std::string(bytes).c_str(), file.c_str()) != 0)
    return ErrnoStatus(errno, Cat("cannot make the link ", EscapeControl(path)));
  return OkStatus();
}

StatusOr<std::vector<TreeChange>> ChangesBetween(git_repository* repository, git_tree* from,
                                                 git_tree* to) {
  int code = 0;
  const auto diff = GitMake<DiffPtr>(code, git_diff_tree_to_tree, repository, from, to, nullptr);
  if (code != 0) return GitError(code, "cannot compare two trees");
  std::vector<TreeChange> gone, added;
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    if (delta->status != GIT_DELTA_ADDED) gone.push_back({delta->old_file.path, true});
    if (delta->status != GIT_DELTA_DELETED) added.push_back(Added(delta->new_file));
  }
  gone.insert(gone.end(), std::make_move_iterator(added.begin()),
              std::make_move_iterator(added.end()));
  return gone;
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
