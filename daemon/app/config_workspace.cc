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
  return set;
}

std::vector<WorkspaceOffer> OffersOf(const Config& config) {
  if (config.workspace.kind != "sandbox") return {};
  WorkspaceOffer offer;
  offer.name = config.workspace.kind;
  for (const auto& [name, network] : config.network) offer.networks.push_back(name);
  return {offer};
}

}  // namespace regreen
