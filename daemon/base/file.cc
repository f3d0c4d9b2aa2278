#include "daemon/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

// O_PATH descriptors take no fchmod, but their name below /proc does, and leads nowhere else.
Status MakeWritable(int parent, const char* name, const std::string& shown) {
  UniqueFd entry(openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!entry) return ErrnoStatus(errno, Cat("cannot look at ", shown));
  struct stat info;
  if (fstat(entry.get(), &info) != 0) return ErrnoStatus(errno, Cat("cannot look at ", shown));
  if (!S_ISDIR(info.st_mode)) return Aborted(Cat(shown, " changed while it was being removed"));
  if (chmod(Cat("/proc/self/fd/", entry.get()).c_str(), 0700) != 0) {
    return ErrnoStatus(errno, Cat("cannot make ", shown, " writable"));
  }
  return OkStatus();
}

// Empties one folder without recursion: a subfolder that is not empty is first moved up into it, so
// that a tree of any depth costs one level of descriptors and no stack.
class Emptier {
 public:
  Emptier(int root, std::string shown) : root_(root), shown_(std::move(shown)) {}

  Status Run() {
    RETURN_IF_ERROR(EmptyFolder(root_));
    while (!moved_.empty()) {
      const std::string name = std::move(moved_.back());
      moved_.pop_back();
      RETURN_IF_ERROR(MakeWritable(root_, name.c_str(), Cat(shown_, "/", name)));
      UniqueFd folder(openat(root_, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!folder) return ErrnoStatus(errno, Cat("cannot open ", shown_, "/", name));
      RETURN_IF_ERROR(EmptyFolder(folder.get()));
      if (unlinkat(root_, name.c_str(), AT_REMOVEDIR) != 0) return Failed(name);
    }
    return OkStatus();
  }

 private:
  Status EmptyFolder(int folder) {
    std::vector<std::string> folders;
    const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return ErrnoStatus(errno, Cat("cannot read ", shown_));
    std::unique_ptr<DIR, CloseDir> dir(fdopendir(copy));
    while (const dirent* entry = readdir(dir.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) continue;
      // A folder answers EISDIR on Linux, EPERM on other systems.
      if (errno != EISDIR && errno != EPERM) return Failed(name);
      folders.push_back(name);
    }
    for (const std::string& name : folders) RETURN_IF_ERROR(RemoveFolder(folder, name));
    return OkStatus();
  }

  Status RemoveFolder(int parent, const std::string& name) {
    if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return OkStatus();
    if (errno != ENOTEMPTY && errno != EEXIST) return Failed(name);
    // Moving a folder rewrites its "..", which needs write permission on the folder itself.
    RETURN_IF_ERROR(MakeWritable(parent, name.c_str(), Cat(shown_, "/", name)));
    moved_.push_back(Cat(prefix_, ++count_));
    if (renameat(parent, name.c_str(), root_, moved_.back().c_str()) != 0) return Failed(name);
    return OkStatus();
  }

  Status Failed(const std::string& name) const {
    const int error = errno;
    return ErrnoStatus(error, Cat("cannot remove ", EscapeControl(name), " below ", shown_));
  }

  const int root_;
  const std::string shown_;
  const std::string prefix_ = Cat(".removing-", RandomHex(8), "-");
  std::vector<std::string> moved_;
  std::uint64_t count_ = 0;
};

Status SyncFolder(const std::filesystem::path& folder) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return ErrnoStatus(errno, Cat("cannot sync ", folder.string()));
  return OkStatus();
}

}  // namespace

StatusOr<std::string> ReadAll(int fd, std::size_t max_bytes) {
  std::string bytes;
  std::size_t used = 0;
  for (;;) {
    // One byte beyond the cap tells "exactly at the cap" from "more than it".
    const std::size_t room = std::min<std::size_t>(max_bytes - used + 1, 64 << 10);
    bytes.resize(used + room);
    const ssize_t n = read(fd, bytes.data() + used, room);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EISDIR) return InvalidArgument("it is a folder, not a file");
    if (n < 0) return ErrnoStatus(errno, "cannot read");
    used += static_cast<std::size_t>(n);
    if (used > max_bytes) return ResourceExhausted(Cat("it is larger than ", max_bytes, " bytes"));
    if (n == 0) break;
  }
  bytes.resize(used);
  return bytes;
}

StatusOr<std::string> ReadFile(const std::filesystem::path& path, std::size_t max_bytes) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return ErrnoStatus(errno, Cat("cannot open ", path.string()));
  auto bytes = ReadAll(fd.get(), max_bytes);
  if (!bytes.ok()) return Annotate(bytes.status(), Cat("cannot read ", path.string()));
  return bytes;
}

namespace {

struct Owner {
  uid_t user;
  gid_t group;
};

Status WriteBeside(const std::filesystem::path& path, std::string_view bytes, int mode,
                   const std::optional<Owner>& owner) {
  const std::string temporary = Cat(path.string(), ".", RandomHex(6), ".tmp");
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return ErrnoStatus(errno, Cat("cannot create ", temporary));
  Status status = WriteAll(fd.get(), bytes, temporary);
  if (status.ok() && owner && fchown(fd.get(), owner->user, owner->group) != 0) {
    status = ErrnoStatus(errno, Cat("cannot keep the owner of ", path.string()));
  }
  // The mode goes last: a change of owner takes set-user-ID bits away.
  if (status.ok() && (fchmod(fd.get(), static_cast<mode_t>(mode)) != 0 || fsync(fd.get()) != 0)) {
    status = ErrnoStatus(errno, Cat("cannot sync ", temporary));
  }
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, Cat("cannot replace ", path.string()));
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace

Status WriteAll(int fd, std::string_view bytes, const std::string& shown) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, Cat("cannot write ", shown));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return OkStatus();
}

Status WriteFileAtomic(const std::filesystem::path& path, std::string_view bytes, int mode) {
  return WriteBeside(path, bytes, mode, std::nullopt);
}

Status ReplaceFileAtomic(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) return ErrnoStatus(error.value(), Cat("cannot find ", path.string()));
  struct stat info;
  if (stat(real.c_str(), &info) != 0) return ErrnoStatus(errno, Cat("cannot read ", path.string()));
  return WriteBeside(real, bytes, static_cast<int>(info.st_mode & 07777),
                     Owner{info.st_uid, info.st_gid});
}

Status CreateFile(const std::filesystem::path& path, std::string_view bytes, int mode) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd && errno == EEXIST)
    return AlreadyExists(Cat(path.string(), " is there already, and is not written over"));
  if (!fd) return ErrnoStatus(errno, Cat("cannot create ", path.string()));
  Status status = WriteAll(fd.get(), bytes, path.string());
  if (status.ok() && fsync(fd.get()) != 0)
    status = ErrnoStatus(errno, Cat("cannot sync ", path.string()));
  if (!status.ok()) unlink(path.c_str());
  return status;
}

Status RemoveTree(const std::filesystem::path& path) {
  const std::string shown = path.string();
  if (unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return OkStatus();
  if (errno != EISDIR && errno != EPERM) return ErrnoStatus(errno, Cat("cannot remove ", shown));
  if (rmdir(path.c_str()) == 0) return OkStatus();
  if (errno != ENOTEMPTY && errno != EEXIST)
    return ErrnoStatus(errno, Cat("cannot remove ", shown));
  RETURN_IF_ERROR(MakeWritable(AT_FDCWD, path.c_str(), shown));
  UniqueFd root(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return ErrnoStatus(errno, Cat("cannot open ", shown));
  RETURN_IF_ERROR(Emptier(root.get(), shown).Run());
  if (rmdir(path.c_str()) != 0) return ErrnoStatus(errno, Cat("cannot remove ", shown));
  return OkStatus();
}

Status MakeDirectories(const std::filesystem::path& path, int mode) {
  const std::filesystem::path wanted = path.has_filename() ? path : path.parent_path();
  std::filesystem::path so_far;
  for (auto part = wanted.begin(); part != wanted.end(); ++part) {
    so_far /= *part;
    const bool last = std::next(part) == wanted.end();
    if (mkdir(so_far.c_str(), last ? static_cast<mode_t>(mode) : 0755) == 0) continue;
    const int error = errno;
    struct stat info;
    if (stat(so_far.c_str(), &info) == 0) {
      if (S_ISDIR(info.st_mode)) continue;
      return FailedPrecondition(
          Cat("cannot make the folder ", path.string(), ": ", so_far.string(), " is a file"));
    }
    return ErrnoStatus(error, Cat("cannot make the folder ", so_far.string()));
  }
  return OkStatus();
}

StatusOr<TempDir> TempDir::Create(const std::filesystem::path& parent, std::string_view prefix) {
  std::string pattern = (parent / Cat(prefix, "XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return ErrnoStatus(errno, Cat("cannot make a folder in ", parent.string()));
  }
  return TempDir(pattern);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir::~TempDir() {
  if (path_.empty()) return;
  const Status status = RemoveTree(path_);
  if (!status.ok()) LogWarning("a temporary folder stays", {{"why", Message(status)}});
}

}  // namespace regreen
