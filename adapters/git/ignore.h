// Which paths a worktree's .gitignore files leave out. The files are data here: they are copied
// into a folder of ours, and libgit2 reads the copies, so that a link or a FIFO in the worktree is
// never opened as one.
#pragma once

#include <string>
#include <string_view>

#include "adapters/git/library.h"

namespace regreen {

// Rules times files is work that the worktree's author makes us do.
inline constexpr std::size_t kMaxIgnoreBytes = 256 << 10;

class IgnoreRules {
 public:
  // `copies` is an empty folder of ours; the repository is opened a second time.
  static StatusOr<IgnoreRules> Create(const std::string& repository, const std::string& copies);

  // Takes the .gitignore of `folder` (a descriptor), whose path below the tree is `prefix`, "" or
  // ending in '/'. Must come before the first question about the folder or what is in it. One that
  // is not a plain file is none, as git says it.
  Status Take(int folder, const std::string& prefix);
  // The same of bytes that are at hand.
  Status TakeBytes(std::string_view rules, const std::string& prefix);
  // For paths that the base tree does not have; a folder's path ends in '/'.
  StatusOr<bool> Ignores(const std::string& path) const;

 private:
  IgnoreRules(RepositoryPtr repository, std::string copies)
      : repository_(std::move(repository)), copies_(std::move(copies)) {}
  RepositoryPtr repository_;
  std::string copies_;
};

}  // namespace regreen
