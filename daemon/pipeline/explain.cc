#include "daemon/pipeline/explain.h"

#include <span>

#include "daemon/base/text.h"
#include "daemon/pipeline/agent_brief.h"
#include "daemon/triage/report.h"

namespace regreen {
namespace {

// A text of many lines, each after a bar.
void AppendBlock(std::string& out, std::string_view text) {
  for (const std::string_view line : SplitLines(text))
    Append(out, "      | ", EscapeControl(line), "\n");
}

std::string WhatItDoes(const Step& step) {
  switch (step.kind) {
    case StepKind::kRun:
      return "runs";
    case StepKind::kRerun:
      return Cat("runs the failed jobs again, at most ", step.times,
                 step.times == 1 ? " time" : " times");
    case StepKind::kAgent:
      return Cat("asks the agent ", EscapeControl(step.agent), ", at most ", step.rounds,
                 step.rounds == 1 ? " round" : " rounds");
    case StepKind::kGiven:
      return "lays the patch that a person left";
    case StepKind::kReport:
      return step.report == ReportKind::kIssue ? "opens an issue" : "comments";
  }
  return {};
}

// In the order in which they were made.
using Prompts = std::span<const ExplainedPrompt>;

void AppendPrompt(std::string& out, Prompts& prompts) {
  if (prompts.empty()) return;
  const ExplainedPrompt& prompt = prompts.front();
  Append(out, "    is told in round 1 (", prompt.bytes, " bytes)\n");
  AppendBlock(out, prompt.text);
  if (prompt.bytes > prompt.text.size()) out += "      | [the rest is not shown]\n";
  prompts = prompts.subspan(1);
}

void AppendSteps(std::string& out, const std::vector<Step>& steps, Prompts& prompts) {
  for (const Step& step : steps) {
    Append(out, "  step \"", EscapeControl(step.name), "\" ", WhatItDoes(step),
           step.source.empty() ? "" : Cat(" (of ", step.source, ")"), "\n");
    if (step.kind == StepKind::kAgent) {
      AppendPrompt(out, prompts);
    } else {
      AppendBlock(out, step.kind == StepKind::kRun ? step.run : step.text);
    }
  }
}

void AppendInputs(std::string& out, const std::vector<PlanInput>& inputs) {
  for (const PlanInput& input : inputs) {
    std::string origin = input.trusted ? "trusted" : "untrusted";
    if (!input.origin.empty()) Append(origin, ", ", EscapeControl(input.origin));
    Append(out, "  input ", input.name, " (", origin, ")\n");
    AppendBlock(out, input.value);
  }
}

void AppendPlan(std::string& out, const Plan& plan, Prompts prompts) {
  Append(out, "plan of ", plan.template_name, "\n");
  AppendInputs(out, plan.inputs);
  AppendSteps(out, plan.steps, prompts);
  for (const ChainLink& link : plan.then) {
    Append(out, "  then ", link.template_name, "\n");
    AppendInputs(out, link.inputs);
    AppendSteps(out, link.steps, prompts);
  }
  if (!plan.verify_command.empty()) {
    Append(out, "  verify by\n");
    AppendBlock(out, plan.verify_command);
  }
  Append(out, "  change\n");
  AppendBlock(out, plan.change_title);
  AppendBlock(out, plan.change_body);
}

std::string RunLine(const Incident& incident) {
  const RunFacts& run = incident.run;
  return Cat(run.key.repo, ", ", run.event, " on ", run.branch, ", workflow ", run.workflow,
             ", job ", incident.job.name, ", attempt ", run.key.attempt);
}

void WriteTemplate(const TemplateExplanation& t, JsonWriter& out) {
  out.BeginObject().Field("name", t.name).Field("stage", ToString(t.stage));
  out.Field("priority", t.priority).Field("chosen", t.chosen).Field("objections", t.objections);
  out.Key("conditions").BeginArray();
  for (const ConditionAnswer& answer : t.answers) {
    out.BeginObject().Field("key", answer.key).Field("asks", answer.spec);
    out.Field("unless", answer.unless).Field("holds", answer.holds);
    out.Field("against", answer.against()).Field("why", answer.why).EndObject();
  }
  out.EndArray().EndObject();
}

}  // namespace

SelectOptions OptionsFor(const Incident& incident, SelectOptions options) {
  options.command = incident.evidence.command;
  options.directory = incident.evidence.directory;
  return options;
}

std::vector<ExplainedPrompt> PromptsOf(const Plan& plan, const Evidence& evidence,
                                       const GuardRules& guard) {
  std::vector<ExplainedPrompt> prompts;
  const auto take = [&](const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (step.kind != StepKind::kAgent) continue;
      const std::string text = BriefText(FirstBrief(plan, evidence, guard, step));
      prompts.push_back({step.name, step.agent, Truncate(text, kMostPromptShown), text.size()});
    }
  };
  take(plan.steps);
  for (const ChainLink& link : plan.then) take(link.steps);
  return prompts;
}

Explanation Explain(Incident incident, const Policies& policies, SelectOptions options) {
  Explanation explanation;
  explanation.selected =
      ExplainSelection(incident, *policies.templates, OptionsFor(incident, std::move(options)));
  if (const auto& plan = explanation.selected.selection.plan)
    explanation.prompts = PromptsOf(*plan, incident.evidence, *policies.guard);
  explanation.incident = std::move(incident);
  return explanation;
}

std::string RenderConditions(const TemplateExplanation& explanation) {
  std::string out;
  for (const ConditionAnswer& answer : explanation.answers) {
    Append(out, answer.against() ? "    no   " : "    yes  ", answer.unless ? "unless " : "",
           answer.key, ": ", EscapeControl(answer.why), "\n");
  }
  for (const std::string& objection : explanation.objections)
    Append(out, "    no   ", EscapeControl(objection), "\n");
  if (explanation.answers.empty() && explanation.objections.empty())
    out += "    yes  it has no conditions\n";
  return out;
}

std::string RenderExplanation(const Explanation& explanation) {
  const Selection& selection = explanation.selected.selection;
  std::string out = RenderEvidence(explanation.incident.evidence, RunLine(explanation.incident));
  out += "\n";
  if (!selection.plan)
    Append(out, "none chosen: ", EscapeControl(Join(selection.reasons, "; ")), "\n");
  for (const bool chosen : {true, false}) {
    for (const TemplateExplanation& t : explanation.selected.templates) {
      if (t.chosen != chosen) continue;
      Append(out, chosen ? "chosen: " : "not ", t.name, " (", ToString(t.stage), ", priority ",
             t.priority, ")\n", RenderConditions(t));
      if (!chosen) continue;
      out += "\n";
      AppendPlan(out, *selection.plan, explanation.prompts);
      out += "\n";
    }
  }
  return out;
}

void WriteJson(const Explanation& explanation, JsonWriter& out) {
  const Selection& selection = explanation.selected.selection;
  out.BeginObject().Key("incident");
  WriteJson(explanation.incident, out);
  out.Key("chosen");
  selection.plan ? out.String(selection.plan->template_name) : out.Null();
  out.Field("reasons", selection.reasons).Key("plan");
  selection.plan ? WriteJson(*selection.plan, out) : void(out.Null());
  out.Key("templates").BeginArray();
  for (const TemplateExplanation& t : explanation.selected.templates) WriteTemplate(t, out);
  out.EndArray().Key("prompts").BeginArray();
  for (const ExplainedPrompt& prompt : explanation.prompts) {
    out.BeginObject().Field("step", prompt.step).Field("agent", prompt.agent);
    out.Field("bytes", static_cast<std::int64_t>(prompt.bytes)).Field("text", prompt.text);
    out.EndObject();
  }
  out.EndArray().EndObject();
}

}  // namespace regreen
