// GitHub and GitHub Enterprise Server, by a personal token or as a GitHub App.
#pragma once

#include <memory>

#include "adapters/forge/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<Forge>> NewGithubForge(const ForgeOptions& options,
                                                const ForgeDependencies& dependencies);

}  // namespace regreen
