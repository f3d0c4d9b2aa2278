// Reads a hostile folder into a tree: what is there, compared with a base tree, by content. No
// link is followed, no filter runs, nothing below .git is read.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapters/git/ignore.h"
#include "adapters/git/library.h"
#include "adapters/git/tree_editor.h"

namespace regreen {

// "… cannot be in a patch: …", for a person.
Status RefuseInPatch(const std::string& path, std::string_view why);
// "it is a FIFO": of what is neither file, link nor folder.
const char* KindInWords(mode_t mode);

struct ScanLimits {
  std::uint64_t file_bytes = 32 << 20;      // of one changed file
  std::uint64_t changed_bytes = 128 << 20;  // of all of them
  int depth = 100;
};

class Scan {
 public:
  // All must outlive the scan. `tree` is of the base tree and is told what differs in the folder;
  // `known` is the state of the files at the checkout: one that is as old and of the same inode and
  // size is not read again (nullptr: each is read). A file as new as `stamp` always is: it may have
  // changed since unseen.
  Scan(git_repository* repository, TreeEditor& tree, git_index* known, timespec stamp,
       IgnoreRules& ignores, std::stop_token stop)
      : repository_(repository),
        tree_(tree),
        known_(known),
        stamp_(stamp),
        ignores_(ignores),
        stop_(std::move(stop)) {}

  // InvalidArgument names what cannot be in a patch; Cancelled.
  Status Run(const std::string& worktree, git_tree* base);
  // The folder is the upper one of an overlay, and `lower` what it lies upon: what is not in the
  // upper one is as in the base tree, unless a white-out or an opaque folder says that it is gone.
  Status RunOverlay(const std::string& upper, const std::string& lower, git_tree* base);

 private:
  struct Entry {
    std::string name, path;
    struct stat info;
    const git_tree_entry* base = nullptr;  // of the base tree, at the same name
  };
  // Two views of one folder. `lower` is -1 where the upper one, or the only one, is all there is.
  struct Place {
    int folder = -1, lower = -1;
  };
  Status Folder(const Place& place, const std::string& prefix, git_tree* base, int depth);
  Status One(const Place& place, Entry& entry, int depth);
  Status Subfolder(const Place& parent, Entry& entry, int depth);
  Status TakeIgnores(const Place& place, const std::string& prefix);
  Status File(int folder, Entry& entry);
  Status Link(int folder, Entry& entry);
  StatusOr<bool> SameLargeFile(int file, const Entry& entry) const;
  Status Replace(const Entry& entry, std::string_view bytes, unsigned mode);
  bool Unchanged(const Entry& entry, unsigned mode) const;

  git_repository* repository_;
  TreeEditor& tree_;
  git_index* known_;
  timespec stamp_;
  IgnoreRules& ignores_;
  std::stop_token stop_;
  ScanLimits limits_;
  std::uint64_t changed_bytes_ = 0;
};

}  // namespace regreen
