// Asks the child that talks to remotes.
#pragma once

#include <stop_token>

#include "adapters/git/git.h"
#include "adapters/git/wire.h"

namespace regreen {

// Starts a child for this one request. DeadlineExceeded when it took longer than the options allow
// (it is dead then); Cancelled; the child's own errors. Any thread.
StatusOr<GitAnswer> AskRemote(const GitOptions& options, GitRequest request, std::stop_token stop);

}  // namespace regreen
