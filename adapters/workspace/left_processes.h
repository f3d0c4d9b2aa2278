// What a killed process may have left running: a sandbox that was being made dies with its maker
// only from some moment on, and a worktree's commands are nobody's.
#pragma once

#include <string>

namespace regreen {

// Ends the processes of this machine that work in a workspace's folder, or see it mounted, as far
// as we may: nobody holds it any more. The last part of `folder` is unique. How many there were.
int EndProcessesUpon(const std::string& folder);

}  // namespace regreen
