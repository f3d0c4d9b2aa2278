// What goes out to forges, told to whoever counts it. Nothing in it is a raw path or a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace regreen {

struct ForgeRequest {
  std::string_view forge;  // its name in the configuration
  std::string_view
      endpoint;  // a template, "/repos/{repo}/pulls": there is a bounded number of them
  // ok, not_modified, redirect, unauthorized, forbidden, not_found, conflict, refused, limited,
  // server_error, malformed, no_answer, timeout, too_long, stopped; held_back: not sent.
  std::string_view outcome;
  absl::Duration took;
};

// How a credential stands with its forge.
struct ForgeLimit {
  std::string_view forge;
  std::string_view credential;            // "token", "app", "installation 7"
  std::string_view resource;              // "core", "graphql"
  std::optional<std::int64_t> remaining;  // nullopt: the forge says nothing of it
  absl::Time closed_until;                // in the past: nothing is held back
};

// Any thread.
class ForgeTraffic {
 public:
  virtual ~ForgeTraffic() = default;
  virtual void CountForgeRequest(const ForgeRequest& request) = 0;
  virtual void ShowForgeLimit(const ForgeLimit& limit) = 0;
};

}  // namespace regreen
