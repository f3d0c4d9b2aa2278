// Named egress sets: what a workspace may reach, as rules. Pure, but for resolving names.
//
// Sources: RFC 9110 and 9112 (authority form), RFC 6890 and the IANA special-purpose registries
// (addresses that are not the internet's).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

struct EgressSet {
  std::string kind = "packages";               // or "model"
  std::int64_t max_bytes = 1 << 30;            // both ways together, of one workspace
  absl::Duration timeout = absl::Minutes(10);  // of one connection or call
  bool forks = false;                          // workspaces of a fork's code may use it

  // packages: tunnels to these, by CONNECT
  std::vector<std::string> allow;  // host:port; `*.` in front of a host: every name below it
  int max_connections = 32;        // at once
  bool allow_private = false;      // also addresses that are not the internet's

  // model: calls of these, with a key that is added outside
  std::string upstream;            // https://HOST[:PORT][/PATH]
  std::vector<std::string> paths;  // "POST /v1/messages"; `*` is any run without '/'
  Secret key;
  std::string key_header, key_prefix;
  std::int64_t max_requests = 0;              // of one workspace; 0: no cap
  std::int64_t max_tokens = 0;                // by the `usage` of answers; 0: no cap
  std::map<std::string, std::string> prices;  // by model, as ParsePrices() takes them

  std::map<std::string, std::string> env;  // of commands; `{url}` is where the model is called
};
using EgressSets = std::map<std::string, EgressSet>;

// The mistakes of a set, one a line; its key is not looked at.
Status CheckEgressSet(const EgressSet& set);

struct HostPort {
  std::string host;  // lower case, without brackets or a final dot
  int port = 0;
};
// "Registry.Example.:443", "[2606::1]:443". InvalidArgument for user information, paths, percent
// escapes, and whatever else is no name and no port.
StatusOr<HostPort> ParseHostPort(std::string_view text);
bool AllowsHost(const EgressSet& set, const HostPort& target);
// Whether a pattern of `allow` lets a workspace reach this host or a name below it: a forge is a
// way out for what a workspace has read.
bool PatternReaches(std::string_view pattern, std::string_view host);

// An address of the public internet. False for private, loopback, link-local (with the cloud's
// metadata), multicast, shared (CGNAT), documentation, reserved, and IPv4 inside IPv6.
bool IsPublicAddress(const sockaddr_storage& address);

// "POST", "/v1/messages". False for a path that is not in its normal form: with `.`, `..`, `//`,
// escapes or characters that no API needs.
bool AllowsCall(const EgressSet& set, std::string_view method, std::string_view path);

// All addresses of a name, asked once; Unavailable.
StatusOr<std::vector<sockaddr_storage>> ResolveHost(const HostPort& target);

}  // namespace regreen
