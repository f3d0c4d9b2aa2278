// Makes a template definite for one incident.
#pragma once

#include <map>
#include <string>

#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/template.h"

namespace regreen {

using Captures = std::map<std::string, std::string>;

// Inputs, in the order of their names (A-Z, 0-9 and '_'), values valid UTF-8 without control
// characters other than line breaks and tabs, each at most 4 KiB (FILES 64 KiB):
//   COMMAND    the failing command, when it is known       DIRECTORY  where it runs, "" is the root
//   FILES      files that the evidence names, one a line; only paths that stay below the tree and
//              that no command could take for an option
//   and each named capture, of the template's own patterns before those of the triage rule. Where a
//   capture has the name of one of the three above, the capture is left out.
// The command must be known when the template's own is "auto". FailedPrecondition says why no plan
// can be made of this template for this incident.
StatusOr<Plan> BuildPlan(const Template& chosen, const Incident& incident,
                         const SelectOptions& options, const Captures& captures,
                         const std::string& policy_digest);

}  // namespace regreen
