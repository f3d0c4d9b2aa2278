// The kinds of workspace that registry.cc names.
#pragma once

#include <memory>

#include "adapters/workspace/registry.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// Of every command in a workspace: a build takes what the intake of deliveries leaves.
inline constexpr int kWorkspaceNiceness = 15;

std::unique_ptr<WorkspaceFactory> NewSandboxFactory(const WorkspaceOptions& options);
// The same tree and no isolation: what runs there can do what this process can. For machines whose
// operator says so by naming it.
std::unique_ptr<WorkspaceFactory> NewWorktreeFactory(const WorkspaceOptions& options);
// A machine for each workspace, or a folder on one, made and reached by command lines. No network
// sets: what such a machine reaches is its engine's affair.
StatusOr<std::unique_ptr<WorkspaceFactory>> NewExecFactory(const WorkspaceOptions& options);
// A workspace of a Coder server for each. No network sets either.
StatusOr<std::unique_ptr<WorkspaceFactory>> NewCoderFactory(const WorkspaceOptions& options);

}  // namespace regreen
