// A change whose target branch went on without it: the patch is brought there by a three-way merge,
// and everything is proven again; where both changed the same lines, it is repaired anew.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/pipeline/follow.h"

namespace regreen {

// The commit that the task stands on now, where its base moved.
inline constexpr std::string_view kBaseArtifact = "base";

struct MovedBase {
  bool contained = false;            // the target has all of the patch already
  std::string sentence;              // why; of `contained`
  std::optional<TaskUpdate> update;  // to repairing, on the target's tip
};
// Neither when the base stands, when it is too early to move again, or when it cannot be moved: of
// a commit that a person named, of a target that the failed commit was not on.
StatusOr<MovedBase> LookAtBase(const FollowDependencies& deps, Forge& forge, const Task& task,
                               const Followed& followed, std::stop_token stop);

// The task as it stands on `commit`. What it says of its run is of there.
Task OnBase(Task task, std::string commit);

}  // namespace regreen
