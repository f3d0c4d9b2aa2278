// What the workspaces of the configuration can serve, and which of them serves a template's needs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/policy/template.h"

namespace regreen {

// A kind of workspace, as the configuration offers it.
struct WorkspaceOffer {
  std::string name;
  std::vector<std::string> networks;  // names of egress sets
  int cpu = 0;                        // processors; 0: as many as the machine has
  std::int64_t memory_bytes = 0;      // 0: as much as the machine has
  bool every_network = false;         // without isolation: whatever is asked for
};

struct Served {
  std::string workspace;  // the name of the first that serves; "" when it does not matter
  std::string objection;  // a clause that is safe to print; "" when it is served
};

// Whether any rung changes files, so that a workspace is needed.
bool NeedsWorkspace(const Template& t);

// A template that names a workspace is served by that one or by none. Where no offers are given,
// everything is served.
Served ServedBy(const Template& t, const std::vector<WorkspaceOffer>& offers);

}  // namespace regreen
