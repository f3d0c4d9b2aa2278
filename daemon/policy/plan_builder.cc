#include "daemon/policy/plan_builder.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/texts.h"

namespace regreen {
namespace {

TextValues Together(TextValues common, const TextValues& own) {
  for (const auto& [name, value] : own) common[name] = value;
  return common;
}

// Those given by hand for one template of several: "name" for the chosen one, "template.name" for
// what it uses or goes on with.
std::map<std::string, std::string> GivenTo(const std::string& prefix,
                                           const std::map<std::string, std::string>& by_hand) {
  std::map<std::string, std::string> given;
  for (const auto& [name, value] : by_hand) {
    const std::size_t dot = name.find('.');
    const bool own = dot == std::string::npos;
    if (own ? prefix.empty() : !prefix.empty() && name.substr(0, dot) == prefix)
      given[own ? name : name.substr(dot + 1)] = value;
  }
  return given;
}

// FailedPrecondition when a value is given to a template that is not there.
Status CheckGiven(const Template& chosen, const std::map<std::string, std::string>& by_hand) {
  std::vector<std::string> parts;
  for (std::size_t i = 1; i < chosen.scopes.size(); ++i)
    parts.push_back(chosen.scopes[i].template_name);
  for (const auto& ladder : chosen.chain) {
    for (const InputScope& scope : ladder->scopes) parts.push_back(scope.template_name);
  }
  for (const auto& [name, value] : by_hand) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) continue;
    const std::string part = name.substr(0, dot);
    if (std::find(parts.begin(), parts.end(), part) != parts.end()) continue;
    return FailedPrecondition(Cat("it neither uses nor goes on with a template \"",
                                  Truncate(EscapeControl(part), 60), "\"",
                                  DidYouMean(part, parts)));
  }
  return OkStatus();
}

// A parent stands before its children. `first` is what the first scope's inputs are given by: ""
// for the chosen template.
StatusOr<std::vector<ResolvedInputs>> ResolveScopes(const std::vector<InputScope>& scopes,
                                                    const std::string& first,
                                                    const TextValues& common,
                                                    const InputFacts& facts) {
  const std::map<std::string, std::string>& by_hand = facts.options.inputs;
  std::vector<ResolvedInputs> out;
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    const InputScope& scope = scopes[i];
    if (i == 0) {
      ASSIGN_OR_RETURN(ResolvedInputs own,
                       ResolveInputs(scope, nullptr, GivenTo(first, by_hand), "", facts));
      out.push_back(std::move(own));
      continue;
    }
    ResolvedInputs parent = out[scope.parent];
    parent.values = Together(common, parent.values);
    auto used = ResolveInputs(scope, &parent, GivenTo(scope.template_name, by_hand),
                              scopes[scope.parent].template_name, facts);
    if (!used.ok()) {
      return FailedPrecondition(
          Cat("of the template \"", scope.template_name, "\", ", Message(used.status())));
    }
    out.push_back(*std::move(used));
  }
  return out;
}

StatusOr<Step> BuildStep(const TemplateStep& from, const ResolvedInputs& inputs,
                         const TextValues& common) {
  Step step = from;
  const TextValues values = Together(common, inputs.values);
  if (step.kind == StepKind::kRun) {
    ASSIGN_OR_RETURN(step.run, RenderText(TextKind::kCommand, from.run, values,
                                          Cat("the command of step ", step.name)));
  } else if (step.kind == StepKind::kAgent) {
    ASSIGN_OR_RETURN(step.text, RenderText(TextKind::kPrompt, from.text, values,
                                           Cat("the prompt of step ", step.name)));
  } else if (step.kind == StepKind::kReport) {
    ASSIGN_OR_RETURN(step.text, RenderText(TextKind::kReport, from.text, values,
                                           Cat("the report of step ", step.name)));
  }
  step.from_outputs = inputs.from_outputs;
  if (from.scope > 0) step.inputs = inputs.inputs;
  return step;
}

StatusOr<ChainLink> BuildLink(const Ladder& ladder, const TextValues& common,
                              const InputFacts& facts) {
  ASSIGN_OR_RETURN(const auto scopes,
                   ResolveScopes(ladder.scopes, ladder.template_name, common, facts));
  ChainLink link;
  link.template_name = ladder.template_name;
  link.setup = ladder.setup;
  link.inputs = scopes[0].inputs;
  link.from_outputs = scopes[0].from_outputs;
  for (const TemplateStep& from : ladder.steps) {
    ASSIGN_OR_RETURN(Step step, BuildStep(from, scopes[from.scope], common));
    if (from.scope == 0) step.from_outputs.clear();  // the link's own
    link.steps.push_back(std::move(step));
  }
  return link;
}

std::vector<PlanInput> AllInputs(std::vector<PlanInput> of_failure,
                                 const std::vector<PlanInput>& declared) {
  for (const PlanInput& input : declared) {
    std::erase_if(of_failure, [&](const PlanInput& other) { return other.name == input.name; });
    of_failure.push_back(input);
  }
  std::sort(of_failure.begin(), of_failure.end(),
            [](const PlanInput& a, const PlanInput& b) { return a.name < b.name; });
  return of_failure;
}

// All that does not depend on the values of inputs.
Plan Fixed(const Template& chosen, const SelectOptions& options) {
  Plan plan;
  plan.template_name = chosen.name;
  plan.title = chosen.title;
  plan.stage = chosen.stage;
  plan.workspace = chosen.workspace;
  plan.needs = chosen.needs;
  plan.setup = chosen.setup;
  plan.setup_timeout = chosen.setup_timeout;
  const bool automatic = chosen.verify_command == "auto";
  plan.verify_command = automatic ? options.command : chosen.verify_command;
  plan.verify_directory =
      automatic && chosen.verify_directory.empty() ? options.directory : chosen.verify_directory;
  plan.verify_runs = chosen.verify_runs;
  plan.verify_timeout = chosen.verify_timeout;
  plan.guard_paths = chosen.guard_paths;
  plan.guard_max_files = chosen.guard_max_files;
  plan.guard_max_lines = chosen.guard_max_lines;
  plan.guard_allow = chosen.guard_allow;
  plan.patch_max_bytes = chosen.patch_max_bytes;
  plan.change_labels = chosen.change_labels;
  plan.change_target = chosen.change_target;
  plan.auto_merge = chosen.auto_merge;
  plan.hold = chosen.hold;
  plan.review = chosen.review;
  plan.outputs = chosen.outputs;
  plan.limits = chosen.limits;
  return plan;
}

}  // namespace

StatusOr<Plan> BuildPlan(const Template& chosen, const Incident& incident,
                         const SelectOptions& options, const Captures& captures,
                         const std::string& policy_digest) {
  const InputFacts facts{incident, options, captures};
  RETURN_IF_ERROR(CheckGiven(chosen, options.inputs));
  const TextValues common = CommonValues(incident, chosen.name, options.command);
  const std::vector<InputScope> own = {{chosen.name, chosen.inputs, 0, {}}};
  ASSIGN_OR_RETURN(const auto scopes,
                   ResolveScopes(chosen.scopes.empty() ? own : chosen.scopes, "", common, facts));
  Plan plan = Fixed(chosen, options);
  plan.policy_digest = policy_digest;
  plan.inputs = AllInputs(FailureInputs(facts), scopes[0].inputs);
  for (const TemplateStep& from : chosen.steps) {
    ASSIGN_OR_RETURN(Step step, BuildStep(from, scopes[from.scope], common));
    plan.steps.push_back(std::move(step));
  }
  for (const auto& ladder : chosen.chain) {
    ASSIGN_OR_RETURN(ChainLink link, BuildLink(*ladder, common, facts));
    plan.then.push_back(std::move(link));
  }
  const TextValues values = Together(common, scopes[0].values);
  ASSIGN_OR_RETURN(plan.change_title, RenderText(TextKind::kTitle, chosen.change_title, values,
                                                 "the title of its change"));
  ASSIGN_OR_RETURN(plan.change_body, RenderText(TextKind::kBody, chosen.change_body, values,
                                                "the body of its change"));
  return plan;
}

}  // namespace regreen
