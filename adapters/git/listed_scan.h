// Reads a tree that is elsewhere into one of ours, by what the other side says of it. The rules are
// those of Scan; what is not asked for is not taken.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/git/ignore.h"
#include "adapters/git/library.h"
#include "adapters/git/scan.h"
#include "adapters/git/tree.h"
#include "adapters/git/tree_editor.h"

namespace regreen {

class ListedScan {
 public:
  // All must outlive the scan. `editor` is of the tree that was sent, and is told what differs.
  ListedScan(git_repository* repository, TreeEditor& editor, IgnoreRules& ignores, ListedTree& tree,
             std::stop_token stop)
      : repository_(repository),
        editor_(editor),
        ignores_(ignores),
        tree_(tree),
        stop_(std::move(stop)) {}

  // InvalidArgument names what cannot be in a patch, or says that a listing cannot be; Cancelled;
  // what the tree answers.
  Status Run(git_tree* sent);

 private:
  struct Node {
    const ListedEntry* entry = nullptr;
    std::map<std::string, Node, std::less<>> below;
  };
  struct Wanted {
    const ListedEntry* entry;
    git_filemode_t mode;
    std::optional<git_oid> sent;  // what was sent there in this mode
  };
  Status Build(const std::vector<ListedEntry>& entries);
  Status Folder(const Node& node, const std::string& prefix, git_tree* sent, int depth);
  Status One(const Node& node, const std::string& name, const git_tree_entry* sent, int depth);
  Status Subfolder(const Node& node, const git_tree_entry* sent, int depth);
  Status Leaf(const ListedEntry& entry, const git_tree_entry* sent);
  Status TakeIgnores(const Node& node, const std::string& prefix, git_tree* sent);
  Status ReadIgnores();
  Status Want(const ListedEntry& entry, git_filemode_t mode, std::optional<git_oid> sent);
  Status TakeLarge();
  Status TakeWanted();

  git_repository* repository_;
  TreeEditor& editor_;
  IgnoreRules& ignores_;
  ListedTree& tree_;
  std::stop_token stop_;
  ScanLimits limits_;
  std::uint64_t wanted_bytes_ = 0;
  Node root_;
  std::vector<const ListedEntry*> ignore_files_;
  std::optional<std::map<std::string, std::string>> ignore_bytes_;
  std::vector<Wanted> wanted_, large_;
};

}  // namespace regreen
