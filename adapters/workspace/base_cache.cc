#include "adapters/workspace/base_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = "making-";
// A folder, its inode and its part of a directory.
constexpr std::uint64_t kBytesPerEntry = 512;

StatusOr<UniqueFd> Lock(const std::string& path, int how) {
  UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return ErrnoStatus(errno, Cat("cannot open ", path));
  while (flock(folder.get(), how) != 0) {
    if (errno != EINTR) return ErrnoStatus(errno, Cat("cannot lock ", path));
  }
  return folder;
}

std::string RepositoryPart(const std::string& mirror) {
  return Sha256Hex(mirror).substr(0, 16);
}

// <repository>-<commit>
std::string NameOf(const CheckoutSpec& spec) {
  return Cat(RepositoryPart(spec.mirror), "-", spec.commit);
}

CheckoutSpec At(CheckoutSpec spec, const std::string& folder) {
  spec.worktree = Cat(folder, "/tree");
  spec.trusted_git = Cat(folder, "/trusted");
  return spec;
}

struct Known {
  std::string path, name;
  absl::Time used;
  std::uint64_t bytes = 0;
};

std::vector<Known> ListBases(const std::string& directory) {
  std::vector<Known> bases;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    Known base{it->path().string(), it->path().filename().string()};
    struct stat info;
    if (base.name.starts_with(kUnfinished) || stat(Cat(base.path, "/size").c_str(), &info) != 0) {
      continue;
    }
    base.used = absl::TimeFromTimespec(info.st_mtim);
    std::int64_t bytes = 0;
    const auto size = ReadFile(Cat(base.path, "/size"), 32);
    if (size.ok() && ParseInt64(Trim(*size), &bytes))
      base.bytes = static_cast<std::uint64_t>(bytes);
    bases.push_back(std::move(base));
  }
  std::sort(bases.begin(), bases.end(),
            [](const Known& a, const Known& b) { return a.used > b.used; });
  return bases;
}

std::uint64_t BytesBelow(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    bytes += kBytesPerEntry;
    std::error_code none;
    if (it->is_regular_file(none) && !it->is_symlink(none)) bytes += it->file_size(none);
  }
  return bytes;
}

}  // namespace

StatusOr<BaseTree> BaseCache::Acquire(const std::string& mirror, const std::string& commit,
                                      const std::string& alternates, std::stop_token stop) {
  CheckoutSpec spec{mirror, commit, nullptr, "", "", alternates};
  const std::string folder = Cat(options_.directory, "/", NameOf(spec));
  if (auto base = TryTake(spec, folder); base.ok()) return base;
  MutexLock lock(making_);
  RETURN_IF_ERROR(MakeDirectories(options_.directory, 0700));
  // Other processes wait here, and find what this one made.
  ASSIGN_OR_RETURN(const UniqueFd others, Lock(options_.directory, LOCK_EX));
  if (stop.stop_requested()) return Cancelled("stopped before a base tree was made");
  if (auto base = TryTake(spec, folder); base.ok()) return base;
  RETURN_IF_ERROR(Make(spec, folder));
  auto base = TryTake(spec, folder);
  RETURN_IF_ERROR(Shrink());
  return base;
}

StatusOr<BaseTree> BaseCache::Hold(const std::string& mirror, const std::string& commit,
                                   const std::string& alternates) {
  CheckoutSpec spec{mirror, commit, nullptr, "", "", alternates};
  const std::string folder = Cat(options_.directory, "/", NameOf(spec));
  return TryTake(std::move(spec), folder);
}

StatusOr<BaseTree> BaseCache::TryTake(const CheckoutSpec& spec, const std::string& folder) {
  ASSIGN_OR_RETURN(UniqueFd lock, Lock(folder, LOCK_SH));
  // It may have been removed between the open and the lock. Being used is its file's time.
  if (utimensat(AT_FDCWD, Cat(folder, "/size").c_str(), nullptr, 0) != 0)
    return ErrnoStatus(errno, Cat("there is no base tree in ", folder));
  return BaseTree(At(spec, folder), std::move(lock));
}

// Under a name that nobody looks for, then renamed: what bears its own name is whole.
Status BaseCache::Make(CheckoutSpec spec, const std::string& folder) {
  const std::string made = Cat(options_.directory, "/", kUnfinished, RandomHex(6));
  const auto make = [&]() -> Status {
    const CheckoutSpec here = At(spec, made);
    RETURN_IF_ERROR(MakeDirectories(here.worktree));
    UniqueFd older_lock;
    const auto older = Newest(spec, older_lock);
    Status done = older.ok() ? CheckoutLike(here, *older) : Checkout(here);
    if (!done.ok() && older.ok()) {
      // A file system with a limit on links, or an older one that someone damaged.
      LogWarning("a base tree is checked out anew", {{"why", Message(done)}});
      RETURN_IF_ERROR(RemoveTree(made));
      RETURN_IF_ERROR(MakeDirectories(here.worktree));
      done = Checkout(here);
    }
    RETURN_IF_ERROR(done);
    RETURN_IF_ERROR(WriteFileAtomic(Cat(made, "/size"), Cat(BytesBelow(made), "\n")));
    std::error_code error;
    fs::rename(made, folder, error);
    return error ? ErrnoStatus(error.value(), Cat("cannot keep a base tree as ", folder))
                 : OkStatus();
  };
  const Status done = make();
  if (!done.ok()) RETURN_IF_ERROR(RemoveTree(made));
  return done;
}

StatusOr<CheckoutSpec> BaseCache::Newest(const CheckoutSpec& like, UniqueFd& lock) {
  const std::string prefix = RepositoryPart(like.mirror) + "-";
  for (const Known& base : ListBases(options_.directory)) {
    if (!base.name.starts_with(prefix)) continue;
    auto held = Lock(base.path, LOCK_SH | LOCK_NB);
    if (!held.ok()) continue;
    lock = *std::move(held);
    CheckoutSpec older = At(like, base.path);
    older.commit = base.name.substr(prefix.size());
    return older;
  }
  return NotFound("no base tree of this repository is there yet");
}

Status BaseCache::Shrink() {
  std::uint64_t bytes = 0;
  for (const Known& base : ListBases(options_.directory)) {
    bytes += base.bytes;
    if (bytes <= options_.max_bytes) continue;
    const auto lock = Lock(base.path, LOCK_EX | LOCK_NB);
    if (!lock.ok()) continue;  // in use
    const std::string gone = Cat(options_.directory, "/", kUnfinished, RandomHex(6));
    std::error_code error;
    fs::rename(base.path, gone, error);
    if (error) return ErrnoStatus(error.value(), Cat("cannot set aside ", base.path));
    RETURN_IF_ERROR(RemoveTree(gone));
    bytes -= base.bytes;
  }
  return OkStatus();
}

Status BaseCache::Reap() {
  std::error_code error;
  if (!fs::exists(options_.directory, error)) return OkStatus();
  ASSIGN_OR_RETURN(const UniqueFd others, Lock(options_.directory, LOCK_EX));
  std::vector<fs::path> unfinished;
  for (const fs::directory_entry& entry : fs::directory_iterator(options_.directory, error)) {
    if (entry.path().filename().string().starts_with(kUnfinished))
      unfinished.push_back(entry.path());
  }
  if (error) return ErrnoStatus(error.value(), Cat("cannot list ", options_.directory));
  for (const fs::path& path : unfinished) RETURN_IF_ERROR(RemoveTree(path));
  return OkStatus();
}

}  // namespace regreen
