// The kinds of workspace, by the name that the config calls them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/workspace/coder.h"
#include "adapters/workspace/egress.h"
#include "adapters/workspace/exec.h"
#include "daemon/base/status.h"
#include "daemon/ports/workspace.h"

namespace regreen {

struct WorkspaceOptions {
  // "sandbox" (bubblewrap), "worktree" (no isolation), "exec" (an engine told by command lines),
  // "coder" (a Coder server)
  std::string kind = "sandbox";
  std::string directory;  // workspaces live below it, or what we keep of remote ones; of this alone
  std::vector<std::string>
      read_only_paths;            // sandbox: shown inside besides the system, for toolchains
  std::vector<std::string> path;  // folders put in front of PATH inside
  std::string bases;              // sandbox: base trees; empty: <directory>.bases
  std::uint64_t bases_max_bytes = std::uint64_t{20} << 30;
  bool overlay = true;  // sandbox: false checks out each workspace, as where overlays are refused
  // sandbox: the sets that workspaces may ask for by name. A worktree has the machine's own
  // network, whatever is asked for, and no key of a model.
  EgressSets networks;
  std::string forwarder;   // the program that RunForwarder() is in; needed with networks
  std::string ca_file;     // for the calls of models; empty: the system's
  WorkspaceLimits limits;  // sandbox: the most that a workspace may use; 0: no limit
  ExecOptions exec;
  CoderOptions coder;  // its ca_file, client and path are those of this and its directory
};

StatusOr<std::unique_ptr<WorkspaceFactory>> CreateWorkspaceFactory(const WorkspaceOptions& options);
std::vector<std::string> WorkspaceKinds();

}  // namespace regreen
