// Whether the programs of the configured agents are where workspaces find them.
#pragma once

#include <string>

#include "daemon/app/config.h"
#include "daemon/base/status.h"

namespace regreen {

// The path of an agent's program, as commands of a workspace on this machine find it; "" where that
// cannot be known: workspaces are elsewhere, or its command may be any shell text. NotFound names
// what is missing and what to do.
StatusOr<std::string> FindAgentProgram(const WorkspaceConfig& workspace, const AgentConfig& agent);
// What the program says of its version, after running it here. FailedPrecondition when it is older
// than what its kind is driven by.
StatusOr<std::string> AgentProgramVersion(const AgentConfig& agent, const std::string& path,
                                          const std::string& scratch);

}  // namespace regreen
