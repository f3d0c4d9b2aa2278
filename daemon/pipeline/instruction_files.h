// What the repository tells coding agents (CLAUDE.md, AGENTS.md, .claude, .mcp.json …) counts only
// from the trusted base branch: in a run of a pull request a stranger may have written it. While an
// agent works, its workspace shows the base branch's; for the capture each is as the commit has it
// again, so that the patch does not speak of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/pipeline/bench.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// Whether agents take a file of this path for instructions or configuration of theirs.
bool InstructsAgents(std::string_view path);

// Of one workspace. Everything is done inside it, by its own git and shell; what hostile code does
// to those shows as a change that the guard refuses.
class InstructionMask {
 public:
  InstructionMask(Bench& bench, Workspace& workspace) : bench_(bench), workspace_(workspace) {}
  // Puts the base branch's in place of each that differs, takes away each that it does not have,
  // and notes which. A sentence when that cannot be done, and then no agent may work here.
  StatusOr<std::string> Put();
  // Undoes it. A sentence likewise.
  StatusOr<std::string> TakeOff();

 private:
  StatusOr<std::optional<std::string>> Run(const std::string& command, const std::string& input);

  Bench& bench_;
  Workspace& workspace_;
  std::string head_;
  std::vector<std::string> masked_;
};

}  // namespace regreen
