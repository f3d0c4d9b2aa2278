// One command in a sandbox of bubblewrap (the program `bwrap`): namespaces for users, processes,
// network, IPC, host name and cgroups; a read-only system; nothing of this process but the command.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/workspace/cgroup.h"
#include "adapters/workspace/registry.h"
#include "adapters/workspace/sandbox_use.h"
#include "daemon/base/overlay.h"
#include "daemon/base/status.h"
#include "daemon/base/subprocess.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// Inside names. No machine has such paths of its own, so that a toolchain is found at its own
// place.
inline constexpr std::string_view kOwnInside = "/regreen";
inline constexpr std::string_view kTreeInside = "/regreen/tree";
inline constexpr std::string_view kHomeInside = "/home/regreen";
inline constexpr std::string_view kObjectsInside = "/regreen/objects";  // then "/0", "/1", …

struct SandboxFolders {
  std::string tree, home;               // writable inside
  std::vector<std::string> objects;     // of the repository, read-only inside, by their number
  std::optional<OverlayMount> overlay;  // mounted onto `tree`, for the command alone
  std::string egress;                   // the broker's socket; empty: there is no way out
  std::vector<std::pair<std::string, std::string>> env;  // before the command's own
  WorkspaceLimits limits;                                // 0: none
  FolderUse before;  // of what is in `tree`, or in the overlay's upper folder, when it is opened
};

// Any thread.
class Bubblewrap {
 public:
  // FailedPrecondition when the program is missing or too old.
  static StatusOr<Bubblewrap> Find(const WorkspaceOptions& options);

  // Nothing that the command started is alive when this returns. FailedPrecondition when the
  // sandbox itself could not be made; Cancelled.
  StatusOr<ExecResult> Run(const SandboxFolders& folders, const ExecSpec& spec,
                           std::stop_token stop) const;

  // Commands run in cgroups of these from now on. Null: what a cgroup would hold is watched.
  void Use(std::shared_ptr<const Cgroups> cgroups) { cgroups_ = std::move(cgroups); }
  const std::string& program() const { return program_; }
  const std::vector<int>& version() const { return version_; }

 private:
  Bubblewrap(std::string program, std::vector<int> version, std::string filter,
             WorkspaceOptions options)
      : program_(std::move(program)),
        version_(std::move(version)),
        filter_(std::move(filter)),
        options_(std::move(options)) {}
  std::vector<std::string> Arguments(const SandboxFolders& folders, const ExecSpec& spec) const;
  ProcessSpec Process(const SandboxFolders& folders, const ExecSpec& spec) const;
  bool AtLeast(int major, int minor) const { return version_ >= std::vector<int>{major, minor}; }

  std::string program_;
  std::vector<int> version_;
  std::string filter_;
  WorkspaceOptions options_;
  std::shared_ptr<const Cgroups> cgroups_;
};

}  // namespace regreen
