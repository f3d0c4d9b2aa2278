// Whether this machine can isolate as a sandbox promises.
#pragma once

#include <string>

#include "adapters/workspace/bubblewrap.h"
#include "daemon/base/status.h"

namespace regreen {

// Starts one sandbox in a new folder below `directory`, and looks from inside at its network.
// FailedPrecondition says what is missing, and how to get it.
Status ProbeSandbox(const Bubblewrap& bubblewrap, const std::string& directory);

}  // namespace regreen
