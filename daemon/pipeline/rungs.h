// Rungs that change files: a command, a coding agent, and the templates that go on from their
// patch.
#pragma once

#include <string>

#include "daemon/base/status.h"
#include "daemon/pipeline/bench.h"
#include "daemon/ports/agent.h"

namespace regreen {

// `label` names the rung in the timeline and in the names of its logs; `on` is the patch that it
// works on top of, or null.
struct RungPlace {
  std::string label;
  Room room;
  const Patch* on = nullptr;
};

StatusOr<RungResult> ClimbRun(Bench& bench, const Step& step, const RungPlace& place);
// Rounds until one proves something, the agent gives up, or what may be spent is spent. An agent's
// exit and claim prove nothing. `agents` may be null: none is configured.
StatusOr<RungResult> ClimbAgent(Bench& bench, const Agents* agents, const Step& step,
                                const RungPlace& place);
// The patch of `given` instead of work.
StatusOr<RungResult> ClimbGiven(Bench& bench, const Patch& given, const RungPlace& place);
// Any of them, and then the templates that the plan goes on with, each from the patch before it.
// A link that changes nothing keeps the earlier proof; one that fails is the rung's outcome.
StatusOr<RungResult> ClimbAndGoOn(Bench& bench, const Agents* agents, const Step& step,
                                  const Patch& given);

// Of the k-th round of a rung, from 1: "step-x.log", "step-x-2.log".
std::string StepLogName(const std::string& label, int round);

}  // namespace regreen
