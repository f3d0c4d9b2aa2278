// The part of the configuration that names agents.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace regreen {

struct AgentConfig {
  std::string kind = "command";
  std::string command;
  std::string network, model;
  std::vector<std::string> args;
  absl::Duration timeout = absl::Minutes(30);
  absl::Duration silence = absl::Minutes(5);
  double max_usd = 0, price_usd = 0;
  std::int64_t max_tokens = 0, max_turns = 0;
  std::map<std::string, std::string> env;

  template <class V>
  void Fields(V& v) {
    v("kind", kind,
      "claude (Claude Code), codex (Codex), acp (any agent of the Agent Client Protocol), or "
      "command: a program that reads the brief on its standard input");
    v("command", command,
      "where it runs: command, acp: for the shell, such as \"opencode acp\"; claude, codex: the "
      "program, when it is not called so");
    v("network", network,
      "the [network.NAME] of its model: its workspaces get it. Empty: env and args say where it "
      "is");
    v("model", model, "which model it asks for; empty: its own choice");
    v("args", args, "claude, codex, acp: more arguments; {url} is where the model is called");
    v("timeout", timeout, "a round of it");
    v("silence", silence, "it is ended when it tells nothing for so long");
    v("max_usd", max_usd, "what one step may spend on it; 0: no cap");
    v("max_tokens", max_tokens, "what one round may use; 0: no cap");
    v("max_turns", max_turns, "claude, codex, acp: calls of tools in a round; 0: no cap");
    v("price_usd", price_usd, "command: what a round costs, however it ends");
    v("env", env,
      "variables that it finds; {url} as above. Everything in a workspace is readable: no secrets");
  }
};

struct AgentOptions;
AgentOptions OptionsOf(const std::string& name, const AgentConfig& agent);

}  // namespace regreen
