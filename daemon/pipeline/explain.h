// What the policies make of one failure: what triage reads, which template is chosen with all that
// is filled into it, and what each condition of every other one answers.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/domain/incident.h"
#include "daemon/pipeline/policies.h"
#include "daemon/policy/matcher.h"

namespace regreen {

// What an agent of the plan is told in its first round, as it is sent: the template's text with the
// values of this failure, and the frame of every prompt. Patches that were merged for the failure
// before are added when the work begins.
struct ExplainedPrompt {
  std::string step, agent;
  std::string text;       // untrusted; at most kMostPromptShown of it
  std::size_t bytes = 0;  // of the whole
};
inline constexpr std::size_t kMostPromptShown = 64 << 10;

struct Explanation {
  Incident incident;
  ExplainedSelection selected;
  std::vector<ExplainedPrompt> prompts;  // of the plan's steps in order, then of what goes on
};

// The command and the directory are those of the incident's evidence.
Explanation Explain(Incident incident, const Policies& policies, SelectOptions options = {});
// Of the plan's agents, for that evidence.
std::vector<ExplainedPrompt> PromptsOf(const Plan& plan, const Evidence& evidence,
                                       const GuardRules& guard);

// What selection is given of an incident whose evidence says the failing command.
SelectOptions OptionsFor(const Incident& incident, SelectOptions options = {});

// Plain text, safe to print to a terminal.
std::string RenderExplanation(const Explanation& explanation);
// Each condition of one template and its answer, a line each.
std::string RenderConditions(const TemplateExplanation& explanation);
// {"incident", "chosen" (null for none), "reasons", "plan" (null for none), "templates": [{"name",
// "stage", "priority", "chosen", "objections", "conditions": [{"key", "asks", "unless", "holds",
// "against", "why"}]}], "prompts": [{"step", "agent", "bytes", "text"}]}
void WriteJson(const Explanation& explanation, JsonWriter& out);

}  // namespace regreen
