// The part of the configuration that names agents.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"

namespace regreen {

struct AgentConfig {
  std::string kind = "command";
  std::string command;
  absl::Duration timeout = absl::Minutes(30);
  double max_usd = 0, price_usd = 0;
  std::map<std::string, std::string> env;

  template <class V>
  void Fields(V& v) {
    v("kind", kind, "command: a program that reads the brief on its standard input");
    v("command", command, "command: for the shell of the workspace, where it runs");
    v("timeout", timeout, "a round of it");
    v("max_usd", max_usd, "what one step may spend on it; 0: no cap");
    v("price_usd", price_usd, "command: what a round costs, however it ends");
    v("env", env, "variables that it finds; everything in a workspace is readable: no secrets");
  }
};

struct AgentOptions;
AgentOptions OptionsOf(const std::string& name, const AgentConfig& agent);

}  // namespace regreen
