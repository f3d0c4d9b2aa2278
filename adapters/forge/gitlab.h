// GitLab.com and GitLab Self-Managed, by a project's, a group's or a person's token.
#pragma once

#include <memory>

#include "adapters/forge/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<Forge>> NewGitlabForge(const ForgeOptions& options,
                                                const ForgeDependencies& dependencies);

}  // namespace regreen
