// What an agent's step tells its agent before the first round. Pure.
#pragma once

#include "daemon/domain/brief.h"
#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/guard/rules.h"

namespace regreen {

// `step` is an agent's, of `plan` or of what goes on from it. Without what only the work knows: the
// patches that were merged, the environment, and what may be spent.
Brief FirstBrief(const Plan& plan, const Evidence& evidence, const GuardRules& guard,
                 const Step& step);

}  // namespace regreen
