// What the kinds share that run their commands as processes of this machine.
#pragma once

#include "daemon/base/subprocess.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// All that a process takes as it is from a command: input, time, output and how it is spoken with.
void FollowSpec(const ExecSpec& spec, ProcessSpec& process);
ExecResult ResultOf(ProcessResult result);

}  // namespace regreen
