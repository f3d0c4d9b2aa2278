// The rules of a ladder: which rungs are climbed, and what is remembered of those that were. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"

namespace regreen {

// What became of a rung, for people and for reports.
struct Tried {
  std::string step;
  StepOutcome outcome = StepOutcome::kNone;
  std::string sentence;  // untrusted
};

inline constexpr std::string_view kTriedArtifact = "tried";
std::string TriedToJson(const std::vector<Tried>& tried);
StatusOr<std::vector<Tried>> TriedFromJson(std::string_view json);

// The attempt that the CI run is at: our own re-runs counted.
int PresentAttempt(const Task& task);

// Why a rung is passed over, a clause, or "" when it is climbed. `last` is of the rung that was
// tried last; a report counts for none. A run that is green again needs no more than reports.
std::string WhySkipped(const Step& step, FailureClass failure_class, int run_attempt,
                       StepOutcome last);

// The delay before the n-th re-run of a rung, from 1: doubled each time, at most a day.
absl::Duration RerunDelay(const Step& step, int n);

}  // namespace regreen
