#include "daemon/app/config_workspace.h"

#include <algorithm>

#include "adapters/workspace/egress.h"
#include "daemon/app/config.h"
#include "daemon/base/text.h"

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

WorkspaceLimits LimitsOf(const WorkspaceKindConfig& workspace) {
  WorkspaceLimits limits;
  limits.cpu = static_cast<int>(std::clamp<std::int64_t>(workspace.cpu, 0, kMostProcessors));
  limits.memory_bytes = workspace.memory_bytes;
  limits.processes = workspace.processes;
  limits.disk_bytes = workspace.disk_bytes;
  limits.files = workspace.files;
  limits.file_bytes = workspace.file_bytes;
  return limits;
}

std::vector<ConfiguredWorkspace> WorkspacesOf(const Config& config) {
  const WorkspaceConfig& first = config.workspace;
  std::vector<ConfiguredWorkspace> all = {{first.kind, "workspace", first.directory, &first}};
  for (const auto& [name, other] : config.workspaces) {
    // Not after a dot: that is how each keeps what belongs to it beside its folder.
    all.push_back({name, Cat("workspaces.", name),
                   other.directory.empty() ? Cat(first.directory, "-", name) : other.directory,
                   &other});
  }
  return all;
}

std::vector<WorkspaceOffer> OffersOf(const Config& config) {
  if (config.workspace.kind == "worktree" && config.workspaces.empty()) return {};
  std::vector<WorkspaceOffer> offers;
  for (const ConfiguredWorkspace& one : WorkspacesOf(config)) {
    const std::string& kind = one.config->kind;
    WorkspaceOffer& offer = offers.emplace_back();
    offer.name = one.name;
    offer.every_network = kind == "worktree";
    if (kind == "coder" || kind == "worktree") continue;
    offer.cpu = LimitsOf(*one.config).cpu;
    offer.memory_bytes = one.config->memory_bytes;
    // Our broker's sets do not reach into another machine.
    if (kind != "sandbox" && kind != "container") continue;
    for (const auto& [name, network] : config.network) offer.networks.push_back(name);
  }
  return offers;
}

}  // namespace regreen
