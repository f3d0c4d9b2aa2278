// The kinds of agents, by the name that the config calls them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/ports/agent.h"

namespace regreen {

struct AgentOptions {
  std::string name;  // in the config
  std::string kind;  // "command"
  AgentLimits limits;
  std::map<std::string, std::string> env;  // shown inside the workspace: no secrets
  // command:
  std::string command;   // for the workspace's shell
  double price_usd = 0;  // a run
};

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<Agent>> CreateAgent(const AgentOptions& options);
std::vector<std::string> AgentKinds();

}  // namespace regreen
