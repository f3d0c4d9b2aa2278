// What a workspace asks for, of what is configured.
#pragma once

#include <memory>
#include <string>

#include "adapters/workspace/broker.h"
#include "adapters/workspace/registry.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// What is asked for, and no more than is configured.
WorkspaceLimits Narrowed(WorkspaceLimits most, const WorkspaceLimits& asked);

// The broker of the sets that it may use, in a folder that is made; null when it asks for none.
// InvalidArgument for a set that is not configured, PermissionDenied for one that is not for forks.
StatusOr<std::unique_ptr<Broker>> OpenBroker(const WorkspaceOptions& options,
                                             const WorkspaceSpec& spec, std::string folder);

}  // namespace regreen
