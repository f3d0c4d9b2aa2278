#include "adapters/workspace/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/time/clock.h"
#include "adapters/workspace/left_processes.h"
#include "daemon/base/hash.h"
#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNameBytes = 40, kRandomBytes = 6;
constexpr char kKeptFile[] = "kept";
constexpr std::size_t kMaxKeptBytes = 64 << 10;
// The kernel's cap on one argument is 128 KiB with its terminator.
constexpr std::size_t kMaxCommandBytes = (128 << 10) - 1;

std::string SafeName(std::string_view task_id) {
  std::string name(task_id.substr(0, kMaxNameBytes));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && c != '-' && c != '_') c = '-';
  }
  return name.empty() ? "workspace" : name;
}

StatusOr<UniqueFd> OpenFolder(const std::string& path) {
  UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return ErrnoStatus(errno, Cat("cannot open ", path));
  return folder;
}

// Beside the tree, where no command writes. nullopt for a folder that is not kept.
std::optional<WorkspaceFolder::Kept> ReadKept(const std::string& path) {
  const auto text = ReadFile(Cat(path, "/", kKeptFile), kMaxKeptBytes);
  if (!text.ok()) return std::nullopt;
  const auto json = Json::Parse(*text);
  if (!json.ok()) return std::nullopt;
  return WorkspaceFolder::Kept{path,
                               (*json)["mirror"].StringOr(""),
                               (*json)["commit"].StringOr(""),
                               (*json)["alternates"].StringOr(""),
                               (*json)["overlaid"].BoolOr(false),
                               absl::FromUnixMicros((*json)["until"].IntOr(0))};
}

// Held while folders come and go, so that a new one is never seen before its own lock is taken.
StatusOr<UniqueFd> LockDirectory(const std::string& directory) {
  ASSIGN_OR_RETURN(UniqueFd folder, OpenFolder(directory));
  while (flock(folder.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return ErrnoStatus(errno, Cat("cannot lock ", directory));
  }
  return folder;
}

}  // namespace

StatusOr<WorkspaceFolder> WorkspaceFolder::Create(const std::string& directory,
                                                  const std::string& task_id) {
  return CreateNamed(directory, Cat(SafeName(task_id), "-", RandomHex(kRandomBytes)));
}

bool WorkspaceFolder::IsHeld(const std::string& directory, const std::string& name) {
  auto folder = OpenFolder(Cat(directory, "/", name));
  return folder.ok() && flock(folder->get(), LOCK_EX | LOCK_NB) != 0;
}

StatusOr<WorkspaceFolder> WorkspaceFolder::CreateNamed(const std::string& directory,
                                                       const std::string& name) {
  RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  // What runs as another user inside must not be reached from outside by way of its folder.
  if (chmod(directory.c_str(), 0700) != 0)
    return ErrnoStatus(errno, Cat("cannot protect ", directory));
  ASSIGN_OR_RETURN(const UniqueFd directory_lock, LockDirectory(directory));
  WorkspaceFolder folder(Cat(directory, "/", name));
  RETURN_IF_ERROR(MakeDirectories(folder.path_, 0700));
  ASSIGN_OR_RETURN(folder.lock_, OpenFolder(folder.path_));
  if (flock(folder.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return ErrnoStatus(errno, Cat("cannot lock ", folder.path_));
  }
  RETURN_IF_ERROR(MakeDirectories(folder.tree()));
  RETURN_IF_ERROR(MakeDirectories(folder.home()));
  RETURN_IF_ERROR(MakeDirectories(folder.tmp()));
  return folder;
}

Status WorkspaceFolder::Reap(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return OkStatus();
  ASSIGN_OR_RETURN(const UniqueFd directory_lock, LockDirectory(directory));
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (!entry.is_directory() || entry.is_symlink()) continue;
    auto folder = OpenFolder(entry.path().string());
    if (!folder.ok() || flock(folder->get(), LOCK_EX | LOCK_NB) != 0) continue;
    const auto kept = ReadKept(entry.path().string());
    if (kept && kept->until > absl::Now()) continue;
    const int ended = EndProcessesUpon(entry.path().string());
    if (ended > 0)
      LogInfo("ended what ran in a workspace that nobody holds",
              {{"processes", std::to_string(ended)}});
    RETURN_IF_ERROR(RemoveTree(entry.path()));
    LogInfo(kept ? "removed a workspace that was kept for long enough"
                 : "removed a workspace that a killed process left",
            {{"folder", entry.path().string()}});
  }
  if (error) return ErrnoStatus(error.value(), Cat("cannot list ", directory));
  return OkStatus();
}

std::vector<WorkspaceFolder::Kept> WorkspaceFolder::ListKept(const std::string& directory) {
  std::vector<Kept> all;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    auto kept = ReadKept(it->path().string());
    if (kept && kept->until > absl::Now()) all.push_back(*std::move(kept));
  }
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.until > b.until; });
  return all;
}

bool WorkspaceFolder::IsKept(const std::string& directory, const std::string& name) {
  const auto kept = ReadKept(Cat(directory, "/", name));
  return kept && kept->until > absl::Now();
}

StatusOr<WorkspaceFolder> WorkspaceFolder::Reopen(const Kept& kept) {
  WorkspaceFolder folder(kept.path);
  folder.kept_ = true;
  ASSIGN_OR_RETURN(folder.lock_, OpenFolder(kept.path));
  if (flock(folder.lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return Unavailable("somebody has the workspace of the task open already");
  folder.mirror_ = kept.mirror;
  folder.commit_ = kept.commit;
  folder.alternates_ = kept.alternates;
  return folder;
}

StatusOr<std::pair<WorkspaceFolder, WorkspaceFolder::Kept>> WorkspaceFolder::Reopen(
    const std::string& directory, const std::string& task_id) {
  const std::string begins = Cat(directory, "/", SafeName(task_id), "-");
  for (const Kept& kept : ListKept(directory)) {
    // Another task's id may begin as this one does.
    if (!kept.path.starts_with(begins) || kept.path.size() != begins.size() + 2 * kRandomBytes)
      continue;
    ASSIGN_OR_RETURN(WorkspaceFolder folder, Reopen(kept));
    return std::pair(std::move(folder), kept);
  }
  return NotFound(Cat(
      "no workspace of task ", task_id,
      " is kept: workspace.keep says for how long one of a failed task is, and it may be over"));
}

Status WorkspaceFolder::Keep(absl::Time until) {
  JsonWriter out;
  out.BeginObject().Field("mirror", base_ ? base_->checkout().mirror : mirror_);
  out.Field("commit", base_ ? base_->checkout().commit : commit_);
  out.Field("alternates", base_ ? base_->checkout().alternates : alternates_);
  out.Field("overlaid", base_.has_value());
  out.Field("until", absl::ToUnixMicros(until)).EndObject();
  RETURN_IF_ERROR(WriteFileAtomic(Cat(path_, "/", kKeptFile), out.Take(), 0600));
  kept_ = true;
  return OkStatus();
}

WorkspaceFolder::~WorkspaceFolder() {
  if (!lock_ || kept_) return;
  const Status status = RemoveTree(path_);
  if (!status.ok()) LogError("a workspace's folder stays", {{"why", Message(status)}});
}

Status WorkspaceFolder::Fill(const WorkspaceSpec& spec, const std::string& alternates) {
  mirror_ = spec.repository;
  commit_ = spec.commit;
  alternates_ = alternates;
  CheckoutSpec checkout = Spec();
  checkout.patch = spec.patch;
  return Checkout(checkout);
}

Status WorkspaceFolder::LieUpon(BaseTree base, const Patch* patch) {
  base_ = std::move(base);
  RETURN_IF_ERROR(MakeDirectories(path_ + "/upper"));
  RETURN_IF_ERROR(MakeDirectories(path_ + "/overlay-work"));
  if (patch == nullptr || patch->empty()) return OkStatus();
  return LayPatch(Overlaid(), *patch);
}

std::optional<OverlayMount> WorkspaceFolder::overlay() const {
  if (!base_) return std::nullopt;
  return OverlayMount{base_->checkout().worktree, path_ + "/upper", path_ + "/overlay-work",
                      tree()};
}

OverlaidCheckout WorkspaceFolder::Overlaid() const {
  return {base_->checkout(), path_ + "/upper", path_ + "/trusted"};
}

StatusOr<Patch> WorkspaceFolder::Capture(std::stop_token stop) const {
  if (base_) return CaptureOverlay(Overlaid(), std::move(stop));
  return CaptureChanges(Spec(), std::move(stop));
}

CheckoutSpec WorkspaceFolder::Spec() const {
  CheckoutSpec spec;
  spec.mirror = mirror_;
  spec.commit = commit_;
  spec.worktree = tree();
  spec.trusted_git = path_ + "/trusted";
  spec.alternates = alternates_;
  return spec;
}

Status CheckDirectory(const std::string& directory) {
  const std::vector<std::string_view> parts = Split(directory, '/');
  const bool leaves = std::find(parts.begin(), parts.end(), "..") != parts.end();
  if (directory.starts_with('/') || leaves || directory.find('\0') != std::string::npos) {
    return InvalidArgument(Cat("the directory ", EscapeControl(directory),
                               " of a command must be a relative path below the tree"));
  }
  return OkStatus();
}

Status CheckEnvironment(const ExecSpec& spec) {
  for (const auto& [name, value] : spec.env) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return InvalidArgument(
          Cat("the variable ", EscapeControl(name), " cannot be in an environment"));
    }
  }
  if (spec.command.size() > kMaxCommandBytes || spec.command.find('\0') != std::string::npos) {
    return InvalidArgument("a command must be shorter than 128 KiB and hold no NUL byte");
  }
  if (spec.input.size() > kMostInput)
    return InvalidArgument("a command's standard input must be at most 1 MiB");
  return OkStatus();
}

std::string SearchPath(const WorkspaceOptions& options) {
  std::string path;
  for (const std::string& folder : options.path) Append(path, folder, ":");
  return path + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

std::vector<std::string> ShellCommand(const std::string& command) {
  if (access("/bin/bash", X_OK) == 0) return {"/bin/bash", "-e", "-o", "pipefail", "-c", command};
  return {"/bin/sh", "-e", "-c", command};
}

}  // namespace regreen
