// The kinds of agents that registry.cc names. Each answers InvalidArgument with every mistake of
// the options, one a line.
#pragma once

#include <memory>

#include "adapters/agent/registry.h"

namespace regreen {

// Any program as an agent: a shell command in the workspace, with the brief on its standard input.
// A last line of output that begins "regreen: gave up: " is its word that it cannot be done, and
// why. Exit codes 126 and 127 say that a program is missing; any other says nothing. What a run
// costs is what the operator declared, however it ends.
StatusOr<std::unique_ptr<Agent>> NewCommandAgent(const AgentOptions& options);
// Claude Code; `command` is its program.
StatusOr<std::unique_ptr<Agent>> NewClaudeAgent(const AgentOptions& options);
// Codex; `command` is its program.
StatusOr<std::unique_ptr<Agent>> NewCodexAgent(const AgentOptions& options);
// Any agent of the Agent Client Protocol; `command` is shell text that starts it.
StatusOr<std::unique_ptr<Agent>> NewAcpAgent(const AgentOptions& options);

}  // namespace regreen
