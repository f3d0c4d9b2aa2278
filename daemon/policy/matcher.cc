#include "daemon/policy/matcher.h"

#include <map>

#include "daemon/base/text.h"
#include "daemon/policy/plan_builder.h"

namespace regreen {
namespace {

struct Fit {
  std::vector<std::string> for_it, against_it;
  Captures captures;
};

// Whether a template may be used at all, before its conditions are asked.
std::string StageObjection(const Template& candidate, const SelectOptions& options) {
  if (candidate.stage == Stage::kRetired) return "it is retired";
  const bool by_hand = options.allow_draft || candidate.name == options.only_template;
  if (candidate.stage == Stage::kDraft && !by_hand)
    return "it is a draft, which is used only by hand";
  return {};
}

void AskConditions(const Template& candidate, const Circumstances& circumstances, bool ignore_match,
                   Fit& fit) {
  for (const Condition& condition : candidate.match) {
    PredicateAnswer answer = condition.predicate->Ask(circumstances);
    if (answer.holds) {
      for (auto& [name, value] : answer.captures) fit.captures.emplace(name, std::move(value));
    } else if (ignore_match) {
      continue;
    }
    (answer.holds ? fit.for_it : fit.against_it).push_back(std::move(answer.why));
  }
  if (ignore_match) return;
  for (const Condition& condition : candidate.unless) {
    const PredicateAnswer answer = condition.predicate->Ask(circumstances);
    if (answer.holds) fit.against_it.push_back(Cat("unless: ", answer.why));
  }
}

Fit Judge(const Template& candidate, const Circumstances& circumstances,
          const SelectOptions& options) {
  Fit fit;
  const std::string objection = StageObjection(candidate, options);
  if (!objection.empty()) {
    fit.against_it.push_back(objection);
    return fit;
  }
  const bool by_name = !options.only_template.empty();
  if (by_name) fit.for_it.push_back("it was asked for by name");
  AskConditions(candidate, circumstances, by_name && options.ignore_match, fit);
  if (NeedsFailingCommand(candidate) && options.command.empty()) {
    fit.against_it.push_back("verify.command is \"auto\", and the failing command is not known");
  }
  if (fit.for_it.empty()) fit.for_it.push_back("it has no conditions");
  return fit;
}

std::string GoesBefore(const Template& chosen, const Template& other) {
  const std::string first = Cat("it matches too, but \"", chosen.name, "\" goes first: ");
  if (chosen.priority != other.priority)
    return Cat(first, "priority ", chosen.priority, " over ", other.priority);
  if (Specificity(chosen) != Specificity(other)) {
    return Cat(first, Specificity(chosen), " conditions over ", Specificity(other));
  }
  return Cat(first, "the names decide");
}

std::string WhyNone(const PolicySet& policies, const SelectOptions& options) {
  if (options.only_template.empty()) {
    return policies.templates().empty() ? "there are no templates" : "no template matches";
  }
  if (policies.Find(options.only_template) != nullptr) {
    return Cat("the template \"", options.only_template, "\" cannot be used here");
  }
  std::vector<std::string> names;
  for (const Template& t : policies.templates()) names.push_back(t.name);
  return Cat("there is no template \"", Truncate(EscapeControl(options.only_template), 80), "\"",
             DidYouMean(options.only_template, names));
}

}  // namespace

Selection Select(const Incident& incident, const PolicySet& policies,
                 const SelectOptions& options) {
  const Circumstances circumstances{incident, options.command};
  Selection selection;
  const Template* chosen = nullptr;
  for (const Template& candidate : policies.templates()) {
    if (!options.only_template.empty() && candidate.name != options.only_template) {
      selection.rejected.push_back(
          {candidate.name, {Cat("only \"", options.only_template, "\" was asked for")}});
      continue;
    }
    Fit fit = Judge(candidate, circumstances, options);
    if (!fit.against_it.empty()) {
      selection.rejected.push_back({candidate.name, std::move(fit.against_it)});
    } else if (chosen != nullptr) {
      selection.rejected.push_back({candidate.name, {GoesBefore(*chosen, candidate)}});
    } else {
      auto plan = BuildPlan(candidate, incident, options, fit.captures, policies.digest());
      if (!plan.ok()) {
        selection.rejected.push_back({candidate.name, {Message(plan.status())}});
        continue;
      }
      chosen = &candidate;
      selection.plan = *std::move(plan);
      selection.reasons = std::move(fit.for_it);
    }
  }
  if (chosen == nullptr) selection.reasons = {WhyNone(policies, options)};
  return selection;
}

}  // namespace regreen
