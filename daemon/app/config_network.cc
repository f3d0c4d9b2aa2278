#include <algorithm>

#include "adapters/workspace/egress.h"
#include "daemon/app/config.h"
#include "daemon/base/http.h"

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
  set.env = network.env;
  return set;
}

std::vector<std::string> HostsOf(const ForgeConfig& forge) {
  std::vector<std::string> hosts;
  const auto add = [&hosts](const std::string& url) {
    const auto parsed = ParseUrl(url);
    if (parsed.ok()) hosts.push_back(parsed->host);
  };
  if (forge.kind == "github") {
    add(forge.api);
    add(forge.git);
  }
  for (const auto& [name, remote] : forge.remotes) add(remote);
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

}  // namespace regreen
