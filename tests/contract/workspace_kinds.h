// The kinds of workspace, as the contract suite and others set them up on this machine.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "adapters/workspace/registry.h"
#include "daemon/base/status.h"
#include "tests/support/git_fixture.h"

namespace regreen {

struct ContractKind {
  const char* name;
  // Says in `options` what the kind needs beside the folder of workspaces; FailedPrecondition tells
  // what this machine has not.
  Status (*set_up)(WorkspaceOptions& options, const GitFixture& scratch);
  // Looked at when no workspace is left: what was wrong, or is left. None: nothing is.
  std::vector<std::string> (*problems)() = nullptr;
};

std::vector<ContractKind> ContractKinds();

inline void PrintTo(const ContractKind& kind, std::ostream* out) {
  *out << kind.name;
}

}  // namespace regreen
