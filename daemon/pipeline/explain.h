// What the policies make of one failure: what triage reads, which template is chosen with all that
// is filled into it, and what each condition of every other one answers.
#pragma once

#include <string>

#include "daemon/base/json.h"
#include "daemon/domain/incident.h"
#include "daemon/policy/matcher.h"

namespace regreen {

struct Explanation {
  Incident incident;
  ExplainedSelection selected;
};

// The command and the directory are those of the incident's evidence.
Explanation Explain(Incident incident, const PolicySet& policies, SelectOptions options = {});

// What selection is given of an incident whose evidence says the failing command.
SelectOptions OptionsFor(const Incident& incident, SelectOptions options = {});

// Plain text, safe to print to a terminal.
std::string RenderExplanation(const Explanation& explanation);
// Each condition of one template and its answer, a line each.
std::string RenderConditions(const TemplateExplanation& explanation);
// {"incident", "chosen" (null for none), "reasons", "plan" (null for none), "templates": [{"name",
// "stage", "priority", "chosen", "objections", "conditions": [{"key", "asks", "unless", "holds",
// "against", "why"}]}]}
void WriteJson(const Explanation& explanation, JsonWriter& out);

}  // namespace regreen
