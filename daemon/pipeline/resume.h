// Going on from what a person left in a kept workspace.
#pragma once

#include <stop_token>
#include <string>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/ports/store.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// A task of its own that lays what is there now: it is judged, verified in a fresh workspace and
// published as any other's patch. The task that was ended stays ended. InvalidArgument when it is
// still at work, or when nothing was changed.
StatusOr<HandTask> ResumeTask(WorkspaceFactory& workspaces, const Task& task, const std::string& by,
                              std::stop_token stop);

}  // namespace regreen
