// What becomes of an open change: it is looked at until it is merged, closed, or someone else's.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/pipeline/proof.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/change_care.h"
#include "daemon/ports/forge.h"
#include "daemon/ports/repository.h"
#include "daemon/ports/store.h"

namespace regreen {

struct FollowDependencies {
  Mirror* mirror = nullptr;  // both may be null: then it stays on the base that it was made on
  Rebaser* rebaser = nullptr;
  absl::Duration watch_every;  // between two looks
  // The lines of a job's log that matter; null: none are read.
  std::function<std::vector<std::string>(const JobFacts& job, std::string_view log)> lines;
};

// What is known of the task beside its row.
struct Followed {
  const Proof* proof = nullptr;  // of the patch in the change; null: nothing but its state matters
  bool needs_person = false;     // the guard in force now asks for a person's look at the patch
  std::span<const TimelineEntry> timeline;
};

// Rests between two moves of one change's base, so that a busy branch does not run its CI all day.
inline constexpr absl::Duration kBaseRest = absl::Minutes(30);
inline constexpr int kMostRebases = 20;
// Further rounds for a change whose own checks are red.
inline constexpr int kMostOwnRounds = 2;

// Looks at the open change once. Answers the move to merged, declined, superseded or yielded;
// to repairing, with the plan and the patch to go on with, when its base moved or its own checks
// are red; or another look after `watch_every`. On its way it takes a draft out of draft whose
// checks are green, and asks the forge to merge where plan and stage say so. What the forge refuses
// for good is said, and hinders nothing else.
StatusOr<TaskUpdate> Follow(const FollowDependencies& deps, Forge& forge, const Task& task,
                            const Followed& followed, RepairLog& log, std::stop_token stop);

// Says why on the change, closes it, and deletes its branch. What is noted first tells, after a
// crash, that it was not a person who closed it. Errors: retryable ones only.
Status EndChange(Forge& forge, const Task& task, std::string_view why, RepairLog& log,
                 std::stop_token stop);

// A word on the change, once for each `about` ([a-z0-9-]). Errors: retryable ones only.
Status TellOnChange(Forge& forge, const Task& task, std::string_view about, std::string_view words,
                    std::stop_token stop);

}  // namespace regreen
