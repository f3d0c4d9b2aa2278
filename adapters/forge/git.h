// Plain git remotes without an API: a failure comes with its delivery, and a change is a pushed
// branch.
#pragma once

#include <memory>

#include "adapters/forge/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<Forge>> NewGitForge(const ForgeOptions& options,
                                             const ForgeDependencies& dependencies);

}  // namespace regreen
