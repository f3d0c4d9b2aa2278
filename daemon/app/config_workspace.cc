#include "daemon/app/config_workspace.h"

#include <algorithm>

#include "adapters/workspace/egress.h"
#include "daemon/app/config.h"

namespace regreen {

EgressSet EgressOf(const NetworkConfig& network) {
  EgressSet set;
  set.kind = network.kind;
  set.max_bytes = network.max_bytes;
  set.timeout = network.timeout;
  set.allow = network.allow;
  set.max_connections =
      static_cast<int>(std::clamp<std::int64_t>(network.max_connections, 0, 1 << 20));
  set.allow_private = network.allow_private;
  set.upstream = network.upstream;
  set.paths = network.paths;
  set.key_header = network.key_header;
  set.key_prefix = network.key_prefix;
  set.max_requests = network.max_requests;
  set.max_tokens = network.max_tokens;
  set.forks = network.forks;
  set.env = network.env;
  set.prices = network.prices;
  return set;
}

WorkspaceLimits LimitsOf(const WorkspaceConfig& workspace) {
  WorkspaceLimits limits;
  limits.cpu = static_cast<int>(std::clamp<std::int64_t>(workspace.cpu, 0, kMostProcessors));
  limits.memory_bytes = workspace.memory_bytes;
  limits.processes = workspace.processes;
  limits.disk_bytes = workspace.disk_bytes;
  limits.files = workspace.files;
  limits.file_bytes = workspace.file_bytes;
  return limits;
}

std::vector<WorkspaceOffer> OffersOf(const Config& config) {
  const std::string& kind = config.workspace.kind;
  if (kind == "worktree") return {};
  WorkspaceOffer offer;
  offer.name = kind;
  if (kind == "coder") return {offer};  // our broker's sets do not reach into another machine
  offer.cpu = LimitsOf(config.workspace).cpu;
  offer.memory_bytes = config.workspace.memory_bytes;
  if (kind == "exec") return {offer};
  for (const auto& [name, network] : config.network) offer.networks.push_back(name);
  return {offer};
}

}  // namespace regreen
