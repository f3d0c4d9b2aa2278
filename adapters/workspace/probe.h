// Whether this machine can isolate as a sandbox promises.
#pragma once

#include <string>

#include "adapters/workspace/bubblewrap.h"
#include "daemon/base/status.h"

namespace regreen {

// Starts one sandbox in a new folder below `directory`, and looks from inside at its network.
// FailedPrecondition says what is missing, and how to get it.
Status ProbeSandbox(const Bubblewrap& bubblewrap, const std::string& directory);

// Whether workspaces below `directory` can lie upon a base tree. Not OK says why; a checkout for
// each does then.
Status ProbeOverlay(const Bubblewrap& bubblewrap, const std::string& directory);

}  // namespace regreen
