// Trees and patches by libgit2, for workspaces. No network, no program is run, no configuration but
// our own is read.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/patch.h"

namespace regreen {

struct CheckoutSpec {
  std::string mirror;  // the bare repository's folder
  std::string commit;
  const Patch* patch = nullptr;  // committed on top when given; HEAD is that commit then
  std::string worktree;          // an empty folder; gets the files and a .git of its own
  std::string trusted_git;  // a folder outside the worktree: our own index and object store for it
  // What .git/objects/info/alternates names: the paths of ObjectStores(mirror) as the workspace
  // sees them, one a line.
  std::string alternates;
};

// The folders that hold the repository's objects: its own, and those that it borrows from.
std::vector<std::string> ObjectStores(const std::string& repository);

// Writes the files of the commit, and a usable .git with a detached HEAD.
Status Checkout(const CheckoutSpec& spec);

// What differs between the commit and the worktree, by content. Never reads the worktree's .git.
// InvalidArgument names a thing that cannot be in a patch (a FIFO, a device, a nested repository).
StatusOr<Patch> CaptureChanges(const CheckoutSpec& spec, std::stop_token stop);

// Reads the files of a patch back from its bytes. InvalidArgument when it is none.
StatusOr<Patch> ParsePatch(const std::string& base_commit, std::string bytes);

}  // namespace regreen
