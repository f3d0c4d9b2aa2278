// Running a CI run again, and waiting for what it says. The position on the ladder is committed
// before anything is asked for, and asking twice for one attempt begins one: a crash does nothing
// twice.
#pragma once

#include <span>
#include <stop_token>
#include <string>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/forge.h"

namespace regreen {

// How the run is looked up again: at the attempt that our own re-runs brought it to, so that they
// do not count as someone else's.
RunHint HintOf(const Task& task);

struct RerunLook {
  enum class Kind {
    kWaiting,     // asked for, or going on
    kGreen,       // the failure does not repeat
    kRed,         // it failed again
    kRefused,     // the forge will not run it again, or it did not end in a day
    kSuperseded,  // red, and of no interest any more
  };
  Kind kind = Kind::kWaiting;
  std::string sentence;  // a clause
  bool begun = false;    // of kRefused: the attempt is there all the same
};

// Of a task that is rerunning: asks for the attempt at `task.ladder.run_attempt` when it has not
// begun and the run is still of interest, else reads it. `timeline` is the task's own.
StatusOr<RerunLook> LookAtRerun(Forge& forge, const Task& task,
                                std::span<const TimelineEntry> timeline, RepairLog& log,
                                std::stop_token stop);

}  // namespace regreen
