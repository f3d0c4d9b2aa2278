#include "adapters/workspace/egress.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "adapters/workspace/prices.h"
#include "daemon/base/http.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxHostBytes = 253, kMaxLabelBytes = 63, kMaxPathBytes = 1024;
constexpr std::string_view kWildcard = "*.";

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsName(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  for (const std::string_view label : Split(host, '.')) {
    if (label.empty() || label.size() > kMaxLabelBytes) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    for (const char c : label)
      if (!IsAlnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}

bool IsV6(const std::string& host) {
  in6_addr unused;
  return inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

bool ParsePort(std::string_view text, int* port) {
  const bool digits =
      !text.empty() && text.size() <= 5 && text.front() != '0' &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::int64_t value = 0;
  if (!digits || !ParseInt64(text, &value) || value > 65535) return false;
  *port = static_cast<int>(value);
  return true;
}

struct Block4 {
  std::uint32_t address;
  int bits;
};
// IANA IPv4 Special-Purpose Address Registry, multicast and the reserved class E.
constexpr Block4 kNotPublic4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
    {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4}};

bool IsPublic4(std::uint32_t address) {
  return std::none_of(std::begin(kNotPublic4), std::end(kNotPublic4), [&](const Block4& block) {
    return (address ^ block.address) >> (32 - block.bits) == 0;
  });
}

// Of global unicast (2000::/3) all but what tunnels IPv4 or is for documentation and protocols.
bool IsPublic6(const unsigned char* a) {
  if ((a[0] & 0xe0) != 0x20) return false;
  const unsigned first = a[0] << 8 | a[1], second = a[2] << 8 | a[3];
  if (first == 0x2001 && (second < 0x0200 || second == 0x0db8)) return false;
  return first != 0x2002 && !(first == 0x3fff && second < 0x1000);
}

std::string PatternMistake(const std::string& pattern) {
  const bool wild = pattern.starts_with(kWildcard);
  const auto parsed = ParseHostPort(wild ? std::string_view(pattern).substr(2) : pattern);
  if (!parsed.ok())
    return Cat("\"", EscapeControl(pattern), "\" is no host:port, such as registry.example:443");
  if (wild && parsed->host.find('.') == std::string::npos)
    return Cat("\"", EscapeControl(pattern), "\" is too wide: name two labels after the `*.`");
  return "";
}

void CheckPackages(const EgressSet& set, std::string& mistakes) {
  if (set.allow.empty())
    Append(mistakes, "allow names nothing that may be reached, such as registry.example:443\n");
  for (const std::string& pattern : set.allow) {
    if (const std::string mistake = PatternMistake(pattern); !mistake.empty())
      Append(mistakes, "allow: ", mistake, "\n");
  }
  if (set.max_connections < 1 || set.max_connections > 256)
    Append(mistakes, "max_connections must be from 1 to 256\n");
}

void CheckModel(const EgressSet& set, std::string& mistakes) {
  const auto url = ParseUrl(set.upstream);
  if (!url.ok()) {
    Append(mistakes, "upstream: ", Message(url.status()), "\n");
  } else if (url->scheme != "https" && !IsLoopbackHost(url->host)) {
    Append(mistakes, "upstream must be https: the key would be sent in the clear\n");
  } else if (url->path.find_first_of("?#") != std::string::npos) {
    Append(mistakes, "upstream must have no query\n");
  }
  if (set.paths.empty())
    Append(mistakes, "paths names no call that is allowed, such as \"POST /v1/messages\"\n");
  for (const std::string& call : set.paths) {
    const std::vector<std::string_view> words = Split(call, ' ');
    if (words.size() != 2 || words[0].empty() || !words[1].starts_with('/'))
      Append(mistakes, "paths: \"", EscapeControl(call), "\" must be a method and a path\n");
  }
  if (set.key_header.empty() || !std::all_of(set.key_header.begin(), set.key_header.end(),
                                             [](char c) { return IsAlnum(c) || c == '-'; })) {
    Append(mistakes, "key_header must name a header, such as x-api-key or authorization\n");
  }
  for (const auto& [model, text] : set.prices) {
    if (const auto prices = ParsePrices(text); !prices.ok())
      Append(mistakes, "prices: ", EscapeControl(model), ": ", Message(prices.status()), "\n");
  }
  if (set.max_requests < 0 || set.max_tokens < 0)
    Append(mistakes, "max_requests and max_tokens are not negative\n");
}

// Pattern and host in lower case, the pattern without its port.
bool HostMatches(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with(kWildcard)) return pattern == host;
  return host.size() > pattern.size() - 1 && host.ends_with(pattern.substr(1));
}

}  // namespace

Status CheckEgressSet(const EgressSet& set) {
  std::string mistakes;
  if (set.kind == "packages") {
    CheckPackages(set, mistakes);
  } else if (set.kind == "model") {
    CheckModel(set, mistakes);
  } else {
    const std::vector<std::string> kinds = {"packages", "model"};
    Append(mistakes, "kind: \"", EscapeControl(set.kind), "\" is not one of packages, model",
           DidYouMean(set.kind, kinds), "\n");
  }
  if (set.max_bytes < 1) Append(mistakes, "max_bytes must be at least 1\n");
  if (set.timeout < absl::Seconds(1)) Append(mistakes, "timeout must be at least 1s\n");
  for (const auto& [name, value] : set.env) {
    if (name.empty() || name.find('=') != std::string::npos)
      Append(mistakes, "env: \"", EscapeControl(name), "\" is no name of a variable\n");
  }
  return mistakes.empty() ? OkStatus() : InvalidArgument(Trim(mistakes));
}

StatusOr<HostPort> ParseHostPort(std::string_view text) {
  HostPort out;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !ParsePort(text.substr(colon + 1), &out.port))
    return InvalidArgument("a target must be host:port");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    out.host = Lower(host.substr(1, host.size() - 2));
    if (IsV6(out.host)) return out;
    return InvalidArgument("what is in brackets must be an IPv6 address");
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!IsName(host)) return InvalidArgument("a target's host must be a name or an address");
  out.host = Lower(host);
  return out;
}

bool AllowsHost(const EgressSet& set, const HostPort& target) {
  return std::any_of(set.allow.begin(), set.allow.end(), [&](const std::string& pattern) {
    const bool wild = pattern.starts_with(kWildcard);
    const auto parsed = ParseHostPort(wild ? std::string_view(pattern).substr(2) : pattern);
    if (!parsed.ok() || parsed->port != target.port) return false;
    return HostMatches(Cat(wild ? kWildcard : "", parsed->host), target.host);
  });
}

bool PatternReaches(std::string_view pattern, std::string_view host) {
  const bool wild = pattern.starts_with(kWildcard);
  const auto parsed = ParseHostPort(wild ? pattern.substr(2) : pattern);
  if (!parsed.ok()) return false;
  const std::string forge = Lower(host);
  const std::string& named = parsed->host;
  return named == forge || named.ends_with(Cat(".", forge)) ||
         (wild && forge.ends_with(Cat(".", named)));
}

bool IsPublicAddress(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET)
    return IsPublic4(ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr));
  if (address.ss_family == AF_INET6)
    return IsPublic6(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr.s6_addr);
  return false;
}

bool AllowsCall(const EgressSet& set, std::string_view method, std::string_view path) {
  if (!path.starts_with('/') || path.size() > kMaxPathBytes) return false;
  const auto plain = [](char c) {
    return IsAlnum(c) || std::string_view("-._~:@/").find(c) != std::string_view::npos;
  };
  if (!std::all_of(path.begin(), path.end(), plain)) return false;
  const std::vector<std::string_view> parts = Split(path.substr(1), '/');
  for (const std::string_view part : parts)
    if (part.empty() || part == "." || part == "..") return false;
  return std::any_of(set.paths.begin(), set.paths.end(), [&](const std::string& call) {
    const std::size_t space = call.find(' ');
    return std::string_view(call).substr(0, space) == method &&
           GlobMatch(std::string_view(call).substr(space + 1), path);
  });
}

StatusOr<std::vector<sockaddr_storage>> ResolveHost(const HostPort& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(target.port);
  if (getaddrinfo(target.host.c_str(), port.c_str(), &hints, &found) != 0)
    return Unavailable(Cat("the name ", target.host, " has no address"));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  std::vector<sockaddr_storage> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    sockaddr_storage address{};
    std::memcpy(&address, info->ai_addr, info->ai_addrlen);
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace regreen
