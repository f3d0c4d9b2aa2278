#include "daemon/app/config_agent.h"

#include <algorithm>

#include "adapters/agent/registry.h"

namespace regreen {

AgentOptions OptionsOf(const std::string& name, const AgentConfig& agent) {
  AgentOptions options;
  options.name = name;
  options.kind = agent.kind;
  options.limits = {agent.timeout, agent.max_usd, agent.max_tokens};
  options.env = agent.env;
  options.command = agent.command;
  options.price_usd = agent.price_usd;
  options.network = agent.network;
  options.model = agent.model;
  options.args = agent.args;
  options.max_turns = static_cast<int>(std::clamp<std::int64_t>(agent.max_turns, -1, 1 << 30));
  options.silence = agent.silence;
  return options;
}

}  // namespace regreen
