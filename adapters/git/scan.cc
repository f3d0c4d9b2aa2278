#include "adapters/git/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

// Sorted, so that the same files give the same answers.
StatusOr<std::vector<std::string>> NamesIn(int folder, const std::string& prefix) {
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return RefuseInPatch(prefix, "the folder cannot be read");
  std::unique_ptr<DIR, CloseDir> dir(fdopendir(copy));
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A character device 0/0 in an upper folder says that the lower one's entry is gone.
bool IsWhiteout(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == 0;
}

// The folder stands instead of the lower one, not above it. The name depends on who mounted.
bool IsOpaque(int folder) {
  char value = 0;
  return (fgetxattr(folder, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y') ||
         (fgetxattr(folder, "user.overlay.opaque", &value, 1) == 1 && value == 'y');
}

UniqueFd OpenSubfolder(int parent, const std::string& name) {
  if (parent < 0) return UniqueFd();
  return UniqueFd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool Before(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

}  // namespace

Status RefuseInPatch(const std::string& path, std::string_view why) {
  return InvalidArgument(Cat(EscapeControl(path), " cannot be in a patch: ", why));
}

const char* KindInWords(mode_t mode) {
  if (S_ISFIFO(mode)) return "it is a FIFO";
  if (S_ISSOCK(mode)) return "it is a socket";
  return "it is a device";
}

Status Scan::Run(const std::string& worktree, git_tree* base) {
  UniqueFd root(open(worktree.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return ErrnoStatus(errno, Cat("cannot open the worktree ", worktree));
  const Place place{root.get()};
  RETURN_IF_ERROR(TakeIgnores(place, ""));
  return Folder(place, "", base, 0);
}

Status Scan::RunOverlay(const std::string& upper, const std::string& lower, git_tree* base) {
  const UniqueFd top(open(upper.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) return ErrnoStatus(errno, Cat("cannot open the folder ", upper));
  const UniqueFd below(open(lower.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!below) return ErrnoStatus(errno, Cat("cannot open the folder ", lower));
  const Place place{top.get(), below.get()};
  RETURN_IF_ERROR(TakeIgnores(place, ""));
  return Folder(place, "", base, 0);
}

// The rules that hold in a folder: of an overlay the upper file, or else the lower one.
Status Scan::TakeIgnores(const Place& place, const std::string& prefix) {
  struct stat info;
  const bool upper = fstatat(place.folder, ".gitignore", &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (upper || place.lower < 0) return ignores_.Take(place.folder, prefix);
  return ignores_.Take(place.lower, prefix);
}

Status Scan::Folder(const Place& place, const std::string& prefix, git_tree* base, int depth) {
  const int folder = place.folder;
  if (depth > limits_.depth) return RefuseInPatch(prefix, "folders are nested too deeply");
  if (stop_.stop_requested()) return Cancelled("stopped while a patch was being captured");
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder, prefix));
  for (const std::string& name : names) {
    const bool root = prefix.empty();
    if (root && name == ".git") continue;
    Entry entry{name, Cat(prefix, name), {}, nullptr};
    if (Lower(name) == ".git") {
      return root ? RefuseInPatch(entry.path, "the name is git's own")
                  : RefuseInPatch(prefix, "it is a repository of its own (it holds a .git)");
    }
    if (fstatat(folder, name.c_str(), &entry.info, AT_SYMLINK_NOFOLLOW) != 0) {
      return RefuseInPatch(entry.path, "it cannot be read");
    }
    if (base != nullptr) entry.base = git_tree_entry_byname(base, name.c_str());
    RETURN_IF_ERROR(One(place, entry, depth));
  }
  if (place.lower >= 0) return OkStatus();  // what is not above is as it is below
  for (std::size_t i = 0; base != nullptr && i < git_tree_entrycount(base); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(base, i);
    const std::string name = git_tree_entry_name(entry);
    if (std::binary_search(names.begin(), names.end(), name)) continue;
    tree_.Remove(Cat(prefix, name));
  }
  return OkStatus();
}

Status Scan::One(const Place& place, Entry& entry, int depth) {
  const int folder = place.folder;
  if (S_ISDIR(entry.info.st_mode)) return Subfolder(place, entry, depth);
  if (place.lower >= 0 && IsWhiteout(entry.info)) {
    if (entry.base != nullptr) tree_.Remove(entry.path);
    return OkStatus();
  }
  if (entry.base != nullptr && git_tree_entry_type(entry.base) != GIT_OBJECT_BLOB) {
    tree_.Remove(entry.path);
    entry.base = nullptr;
  }
  if (entry.base == nullptr) {
    ASSIGN_OR_RETURN(const bool ignored, ignores_.Ignores(entry.path));
    if (ignored) return OkStatus();
  }
  if (S_ISREG(entry.info.st_mode)) return File(folder, entry);
  if (S_ISLNK(entry.info.st_mode)) return Link(folder, entry);
  return RefuseInPatch(entry.path, KindInWords(entry.info.st_mode));
}

Status Scan::Subfolder(const Place& parent, Entry& entry, int depth) {
  const git_object_t kind =
      entry.base == nullptr ? GIT_OBJECT_INVALID : git_tree_entry_type(entry.base);
  // A submodule's files are another repository's.
  if (kind == GIT_OBJECT_COMMIT) return OkStatus();
  if (kind == GIT_OBJECT_BLOB) tree_.Remove(entry.path);
  const UniqueFd folder = OpenSubfolder(parent.folder, entry.name);
  const std::string prefix = entry.path + "/";
  UniqueFd lower;
  if (folder && kind == GIT_OBJECT_TREE && !IsOpaque(folder.get()))
    lower = OpenSubfolder(parent.lower, entry.name);
  const Place place{folder.get(), lower.get()};
  if (folder) RETURN_IF_ERROR(TakeIgnores(place, prefix));
  TreePtr tree;
  if (kind == GIT_OBJECT_TREE) {
    int code = 0;
    tree = GitMake<TreePtr>(code, git_tree_lookup, repository_, git_tree_entry_id(entry.base));
    if (code != 0) return GitError(code, "cannot read a tree of the base commit");
  } else {
    ASSIGN_OR_RETURN(const bool ignored, ignores_.Ignores(prefix));
    if (ignored) return OkStatus();
  }
  if (!folder) return RefuseInPatch(entry.path, "the folder cannot be read");
  return Folder(place, prefix, tree.get(), depth + 1);
}

Status Scan::File(int folder, Entry& entry) {
  const unsigned mode =
      (entry.info.st_mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
  if ((entry.info.st_mode & (S_ISUID | S_ISGID | S_ISVTX)) != 0) {
    return RefuseInPatch(entry.path, "it has a setuid, setgid or sticky bit");
  }
  if (Unchanged(entry, mode)) return OkStatus();
  UniqueFd file(openat(folder, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat now;
  if (!file || fstat(file.get(), &now) != 0 || !S_ISREG(now.st_mode)) {
    return RefuseInPatch(entry.path, "it cannot be read");
  }
  if (static_cast<std::uint64_t>(now.st_size) > limits_.file_bytes) {
    ASSIGN_OR_RETURN(const bool same, SameLargeFile(file.get(), entry));
    if (same) return OkStatus();
    return RefuseInPatch(entry.path, Cat("it is larger than ", limits_.file_bytes >> 20, " MB"));
  }
  auto bytes = ReadAll(file.get(), limits_.file_bytes);
  if (!bytes.ok()) return RefuseInPatch(entry.path, Message(bytes.status()));
  return Replace(entry, *bytes, mode);
}

// A large file of the base that was touched but not changed is none of the patch's business.
StatusOr<bool> Scan::SameLargeFile(int file, const Entry& entry) const {
  if (entry.base == nullptr) return false;
  git_oid id;
  const int code = git_odb_hashfile(&id, Cat("/proc/self/fd/", file).c_str(), GIT_OBJECT_BLOB);
  if (code != 0) return GitError(code, Cat("cannot read ", EscapeControl(entry.path)));
  return git_oid_equal(&id, git_tree_entry_id(entry.base)) != 0;
}

Status Scan::Link(int folder, Entry& entry) {
  char target[PATH_MAX];
  const ssize_t size = readlinkat(folder, entry.name.c_str(), target, sizeof target);
  if (size < 0 || size == static_cast<ssize_t>(sizeof target)) {
    return RefuseInPatch(entry.path, "the link cannot be read");
  }
  return Replace(entry, {target, static_cast<std::size_t>(size)}, GIT_FILEMODE_LINK);
}

Status Scan::Replace(const Entry& entry, std::string_view bytes, unsigned mode) {
  git_oid id;
  int code = git_odb_hash(&id, bytes.data(), bytes.size(), GIT_OBJECT_BLOB);
  if (code != 0) return GitError(code, "cannot hash a file");
  if (entry.base != nullptr && git_oid_equal(&id, git_tree_entry_id(entry.base)) != 0 &&
      git_tree_entry_filemode(entry.base) == static_cast<git_filemode_t>(mode)) {
    return OkStatus();
  }
  changed_bytes_ += bytes.size();
  if (changed_bytes_ > limits_.changed_bytes) {
    return RefuseInPatch(entry.path, Cat("the changed files have more than ",
                                         limits_.changed_bytes >> 20, " MB together"));
  }
  code = git_blob_create_from_buffer(&id, repository_, bytes.data(), bytes.size());
  if (code != 0) return GitError(code, "cannot store a file");
  tree_.Set(entry.path, id, static_cast<git_filemode_t>(mode));
  return OkStatus();
}

bool Scan::Unchanged(const Entry& entry, unsigned mode) const {
  if (entry.base == nullptr || known_ == nullptr) return false;
  const git_index_entry* known = git_index_get_bypath(known_, entry.path.c_str(), 0);
  if (known == nullptr || !git_oid_equal(&known->id, git_tree_entry_id(entry.base))) return false;
  if (known->mode != mode ||
      git_tree_entry_filemode(entry.base) != static_cast<git_filemode_t>(mode)) {
    return false;
  }
  // The change time cannot be set by a program, so it tells what the modification time may not.
  const timespec& changed = entry.info.st_ctim;
  return known->ctime.nanoseconds != 0 && Before(changed, stamp_) &&
         known->ctime.seconds == static_cast<std::int32_t>(changed.tv_sec) &&
         known->ctime.nanoseconds == static_cast<std::uint32_t>(changed.tv_nsec) &&
         known->ino == static_cast<std::uint32_t>(entry.info.st_ino) &&
         known->file_size == static_cast<std::uint32_t>(entry.info.st_size);
}

}  // namespace regreen
