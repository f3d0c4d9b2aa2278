// Trees and patches by libgit2, for workspaces. No network, no program is run, no configuration but
// our own is read.
#pragma once

#include <cstdint>
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
// The same, without a patch, by hard links to the files of an older checkout of the same repository
// and what differs. The older one, nobody wrote to.
Status CheckoutLike(const CheckoutSpec& spec, const CheckoutSpec& older);

// A checkout that is shown through an overlay (daemon/base/overlay.h): nobody writes to it, and
// what differs is in the folder above.
struct OverlaidCheckout {
  CheckoutSpec base;        // as it was made, without a patch
  std::string upper;        // made already
  std::string trusted_git;  // a folder of our own; made when it is needed
};
// Into an empty upper folder: the files of the patch, and HEAD and index as if it were committed.
Status LayPatch(const OverlaidCheckout& checkout, const Patch& patch);
// As CaptureChanges, in time that depends on what changed, not on what is there.
StatusOr<Patch> CaptureOverlay(const OverlaidCheckout& checkout, std::stop_token stop);

// What differs between the commit and the worktree, by content. Never reads the worktree's .git.
// InvalidArgument names a thing that cannot be in a patch (a FIFO, a device, a nested repository).
StatusOr<Patch> CaptureChanges(const CheckoutSpec& spec, std::stop_token stop);

// Writes a tar stream of what Checkout() would write, for a workspace that shares no disk with us:
// the files, and a .git with an object store of its own that knows one commit (two with a patch)
// and none before. Answers the commit of its HEAD. `worktree` and `alternates` are not looked at;
// `file` is borrowed.
StatusOr<std::string> SendCheckout(const CheckoutSpec& spec, int file, std::stop_token stop);

// One name below a tree that is elsewhere, as the other side says it. All of it is hostile.
struct ListedEntry {
  std::string path;   // relative
  unsigned mode = 0;  // as lstat gives it, with the kind
  std::uint64_t size = 0;
  bool changed = false;  // since the tree was sent
};
// A tree that is elsewhere. Whatever it says, it can but put something else into files that it says
// are its own, or leave a change out: names, kinds and sizes are checked here.
class ListedTree {
 public:
  virtual ~ListedTree() = default;
  // Every entry, .git of the root and what is in it excepted. Any order.
  virtual StatusOr<std::vector<ListedEntry>> List() = 0;
  // The bytes of files, or the targets of links: as many as were asked for, each of the listed
  // size.
  virtual StatusOr<std::vector<std::string>> Read(
      const std::vector<const ListedEntry*>& entries) = 0;
  // The ids of files as git's blobs, in hexadecimal digits.
  virtual StatusOr<std::vector<std::string>> Identify(
      const std::vector<const ListedEntry*>& entries) = 0;
};

// As CaptureChanges, of a tree that SendCheckout() has sent: `head` is what it answered.
StatusOr<Patch> CaptureListed(const CheckoutSpec& spec, const std::string& head, ListedTree& tree,
                              std::stop_token stop);

// Reads the files of a patch back from its bytes. InvalidArgument when it is none.
StatusOr<Patch> ParsePatch(const std::string& base_commit, std::string bytes);

}  // namespace regreen
