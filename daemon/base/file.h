// Files, with caps and without following links out. Any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "daemon/base/status.h"

namespace regreen {

// Owns a descriptor; closes it.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { Reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int Release();
  void Reset(int fd = -1);

 private:
  int fd_ = -1;
};

// ResourceExhausted beyond max_bytes; NotFound, PermissionDenied by errno.
StatusOr<std::string> ReadFile(const std::filesystem::path& path, std::size_t max_bytes);
StatusOr<std::string> ReadAll(int fd, std::size_t max_bytes);
// To a descriptor that waits; `shown` names it in an error.
Status WriteAll(int fd, std::string_view bytes, const std::string& shown);
// Writes a temporary file beside it, syncs, renames: readers see the old or the new bytes.
Status WriteFileAtomic(const std::filesystem::path& path, std::string_view bytes, int mode = 0644);
// The same for a file that is there already: its mode and its owner stay, and so does a link to it.
Status ReplaceFileAtomic(const std::filesystem::path& path, std::string_view bytes);
// Creates a file; AlreadyExists where there is one, whatever it is.
Status CreateFile(const std::filesystem::path& path, std::string_view bytes, int mode = 0644);
// Removes a tree that hostile code wrote: never follows a link, makes folders writable on the way.
// OK when it is not there.
Status RemoveTree(const std::filesystem::path& path);
// mkdir -p with the mode for the last folder.
Status MakeDirectories(const std::filesystem::path& path, int mode = 0755);

// A folder of its own, removed with everything in it at the end.
class TempDir {
 public:
  static StatusOr<TempDir> Create(const std::filesystem::path& parent, std::string_view prefix);
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&&) = delete;
  ~TempDir();
  const std::filesystem::path& path() const { return path_; }
  void Keep() { path_.clear(); }  // leave it where it is

 private:
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace regreen
