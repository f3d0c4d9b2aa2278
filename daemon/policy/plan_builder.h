// Makes a template definite for one incident.
#pragma once

#include <string>

#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/plan_inputs.h"
#include "daemon/policy/template.h"

namespace regreen {

// Inputs, values valid UTF-8 without control characters other than line breaks and tabs:
//   COMMAND    the failing command, when it is known       DIRECTORY  where it runs, "" is the root
//   FILES      files that the evidence names, one a line; only paths that stay below the tree and
//              that no command could take for an option
//   each named capture, of the template's own patterns before those of the triage rule, each at
//              most 4 KiB; left out where it has the name of one of the three
//   and what the template declares under [inputs], which takes the place of a capture of its name.
// The plan's own stand in Plan::inputs, in the order of their names. What a template that is used
// or gone on with declares stands with its steps (Step::inputs) or its link (ChainLink::inputs), so
// that two templates may call different things by one name.
//
// `captures` are those of the template's own patterns. The command must be known when the
// template's own is "auto" and a step changes files. FailedPrecondition says why no plan can be
// made of this template for this incident.
StatusOr<Plan> BuildPlan(const Template& chosen, const Incident& incident,
                         const SelectOptions& options, const Captures& captures,
                         const std::string& policy_digest);

}  // namespace regreen
