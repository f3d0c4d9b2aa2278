// Several workspaces of the configuration behind one factory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/ports/workspace.h"

namespace regreen {

struct NamedWorkspaces {
  std::string name;
  std::unique_ptr<WorkspaceFactory> factory;
};

// WorkspaceSpec::workspace says which; the first one where it says nothing, InvalidArgument where
// there is none of that name. Probe finds what any of them can; Reap goes through all of them.
std::unique_ptr<WorkspaceFactory> NewWorkspaceChoice(std::vector<NamedWorkspaces> all);

}  // namespace regreen
