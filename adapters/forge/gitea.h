// Gitea and Forgejo, by the token of a person or a bot.
#pragma once

#include <memory>

#include "adapters/forge/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<Forge>> NewGiteaForge(const ForgeOptions& options,
                                               const ForgeDependencies& dependencies);

}  // namespace regreen
