// An overlay mount that only one child process and what it starts can see: mounted in a mount
// namespace of its own between fork and exec, gone when the last of them ends. The lower folder is
// never written; the upper one holds what changed. Source: the kernel's
// Documentation/filesystems/overlayfs.rst.
#pragma once

#include <string>

#include "daemon/base/status.h"

namespace regreen {

struct OverlayMount {
  std::string lower, upper, work, target;  // absolute; upper and work on one file system
};

// Laid out before the fork, so that Mount() is async-signal-safe.
class PreparedOverlay {
 public:
  // InvalidArgument for paths that mount options cannot name.
  static StatusOr<PreparedOverlay> Prepare(const OverlayMount& mount);

  // In the child: a mount namespace (for anyone but root, a user namespace in which this user is
  // root) and the mount. Answers 0 or an errno. Clears what prctl(PR_SET_PDEATHSIG) set.
  int Mount() const;

 private:
  std::string options_, target_;
  bool root_ = false;
  std::string uid_map_, gid_map_;
};

}  // namespace regreen
