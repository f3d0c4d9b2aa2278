// Any program as an agent: a shell command in the workspace, with the brief on its standard input.
#pragma once

#include <memory>

#include "adapters/agent/registry.h"

namespace regreen {

// A last line of output that begins "regreen: gave up: " is its word that it cannot be done, and
// why. Exit codes 126 and 127 say that a program is missing; any other says nothing. What a run
// costs is what the operator declared, however it ends. InvalidArgument with every mistake of the
// options, one a line.
StatusOr<std::unique_ptr<Agent>> NewCommandAgent(const AgentOptions& options);

}  // namespace regreen
