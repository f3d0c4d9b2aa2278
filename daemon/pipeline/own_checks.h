// What a change's own checks say of it, and what follows from that.
#pragma once

#include <stop_token>

#include "daemon/base/status.h"
#include "daemon/pipeline/follow.h"

namespace regreen {

// Green: a draft becomes ready, once, unless a person is asked for. Red: `update` moves to
// repairing, at the rung that may know better, kMostOwnRounds times at most; when none is left the
// change says once that a person decides. What was red on the base as well is not the change's,
// but for the job that it is to repair.
Status LookAtChecks(const FollowDependencies& deps, Forge& forge, const Task& task,
                    const Followed& followed, TaskUpdate& update, std::stop_token stop);

// Of an entry, and of what was tried: a further round for red checks. Of an artifact: the lines of
// their logs, for those who try next.
inline constexpr std::string_view kOwnChecks = "own-checks";

}  // namespace regreen
