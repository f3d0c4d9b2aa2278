#include "daemon/app/config_agent.h"

#include "adapters/agent/registry.h"

namespace regreen {

AgentOptions OptionsOf(const std::string& name, const AgentConfig& agent) {
  return {name,      agent.kind,    {agent.timeout, agent.max_usd},
          agent.env, agent.command, agent.price_usd};
}

}  // namespace regreen
