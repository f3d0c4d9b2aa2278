// The agent that a person's own repair asks: by a configuration of theirs, or known by its name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "adapters/workspace/registry.h"
#include "daemon/app/commands.h"
#include "daemon/base/status.h"
#include "daemon/ports/agent.h"

namespace regreen {

// What a repair without a daemon works with.
struct FixSetup {
  WorkspaceOptions workspace;
  Agents agents;
  std::string agent;  // whose name is among them; "": none is asked
};

// `scratch` is for workspaces. The configuration is that of --config, else of $REGREEN_CONFIG, else
// ~/.config/regreen/config.toml where that is there; its [agent], [network], [workspace] and [http]
// count. An agent "claude" or "codex" that it does not name is known: its program is looked for in
// PATH, its model's key and address in the variables that its own users know. Keys stay out here.
StatusOr<FixSetup> PrepareFix(const FixArguments& arguments, const std::string& scratch);

}  // namespace regreen
