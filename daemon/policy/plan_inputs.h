// The inputs of a plan: what every command gets of the failure, and what templates declare.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/template.h"
#include "daemon/policy/texts.h"

namespace regreen {

using Captures = std::map<std::string, std::string>;

// What inputs are made of. The captures are those of the template's own patterns.
struct InputFacts {
  const Incident& incident;
  const SelectOptions& options;
  const Captures& captures;
};

// A name in the form of a PlanInput's: upper case, '_' for what is neither letter nor digit.
std::string InputName(std::string_view name);

// COMMAND, DIRECTORY, FILES and the captures, in the order of their names. Nothing of it is
// trusted.
std::vector<PlanInput> FailureInputs(const InputFacts& facts);

// One template's inputs at one place.
struct ResolvedInputs {
  std::vector<PlanInput> inputs;  // every declared one; without a value it is ""
  FromOutputs from_outputs;
  TextValues values;  // by the declared names
};

// Each input gets the value given by hand; else the one given by the template that uses it, whose
// inputs are `parent`; else what its source gives; else its default. FailedPrecondition: a
// required one has none, a value is none of its type, or `by_hand` names an unknown input.
StatusOr<ResolvedInputs> ResolveInputs(const InputScope& scope, const ResolvedInputs* parent,
                                       const std::map<std::string, std::string>& by_hand,
                                       const std::string& used_by, const InputFacts& facts);

}  // namespace regreen
