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
  std::string kind;  // "command", "claude", "codex", "acp"
  AgentLimits limits;
  // Shown inside the workspace: no secrets. `{url}` is where the model is called, where there is a
  // network.
  std::map<std::string, std::string> env;
  // command, acp: for the workspace's shell; claude, codex: the program, by name or path
  std::string command;
  double price_usd = 0;  // command: a run
  // All but command:
  std::string network;  // the egress set of its model; "": env and args say where it is
  std::string model;    // "": its own choice
  std::vector<std::string> args;
  int max_turns = 0;  // calls of tools in a round; 0: no cap
  absl::Duration silence = absl::InfiniteDuration();
};

// What no kind can work with, a sentence each.
std::vector<std::string> CommonMistakes(const AgentOptions& options);

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<Agent>> CreateAgent(const AgentOptions& options);
std::vector<std::string> AgentKinds();

}  // namespace regreen
