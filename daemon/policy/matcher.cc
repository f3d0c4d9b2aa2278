#include "daemon/policy/matcher.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/plan_builder.h"

namespace regreen {
namespace {

// What is known of one template after all of it was asked.
struct Fit {
  std::vector<ConditionAnswer> answers;
  std::vector<std::string> objections;
  std::vector<std::string> for_it;
  Captures captures;
  bool match_ignored = false;

  std::vector<std::string> AgainstIt() const {
    std::vector<std::string> against = objections;
    if (match_ignored) return against;
    for (const ConditionAnswer& answer : answers) {
      if (answer.against())
        against.push_back(answer.unless ? Cat("unless: ", answer.why) : answer.why);
    }
    return against;
  }
};

class Selector {
 public:
  Selector(const Incident& incident, const PolicySet& policies, const SelectOptions& options)
      : incident_(incident),
        policies_(policies),
        options_(options),
        circumstances_{incident, options.command} {}

  Selection Fast();
  ExplainedSelection Whole();

 private:
  bool by_name() const { return !options_.only_template.empty(); }
  bool IsAskedFor(const Template& t) const {
    return !by_name() || t.name == options_.only_template;
  }
  EffectiveStage StageOf(const Template& t) const;
  std::vector<std::string> Objections(const Template& t) const;
  Fit Judge(const Template& t, const LogFindings* log) const;
  // Makes it the choice when nothing is against it and none was chosen yet. Answers why not, else.
  std::vector<std::string> Consider(const Template& t, const Fit& fit);
  void Conclude();
  int CountAgainst(TemplateIndex::Answers& answers, std::size_t place) const;
  static constexpr int kFar = 2;

  const Incident& incident_;
  const PolicySet& policies_;
  const SelectOptions& options_;
  const Circumstances circumstances_;
  const Template* chosen_ = nullptr;
  Selection selection_;
};

EffectiveStage Selector::StageOf(const Template& t) const {
  const auto found = options_.stages.find(t.name);
  if (found == options_.stages.end() || t.stage == Stage::kRetired ||
      found->second.stage >= t.stage) {
    return {t.stage, {}};
  }
  return found->second;
}

// What stands against a template beside its conditions.
std::vector<std::string> Selector::Objections(const Template& t) const {
  const Stage stage = StageOf(t).stage;
  if (stage == Stage::kRetired) return {"it is retired"};
  std::vector<std::string> objections;
  const bool by_hand = options_.allow_draft || by_name();
  if (stage == Stage::kDraft && !by_hand)
    objections.push_back("it is a draft, which is used only by hand");
  if (NeedsFailingCommand(t) && options_.command.empty())
    objections.push_back("verify.command is \"auto\", and the failing command is not known");
  Served served = ServedBy(t, options_.offers);
  if (!served.objection.empty()) objections.push_back(std::move(served.objection));
  return objections;
}

Fit Selector::Judge(const Template& t, const LogFindings* log) const {
  const Circumstances circumstances{incident_, options_.command, log};
  Fit fit;
  fit.match_ignored = by_name() && options_.ignore_match;
  fit.objections = Objections(t);
  if (by_name()) fit.for_it.push_back("it was asked for by name");
  for (const auto* conditions : {&t.match, &t.unless}) {
    const bool unless = conditions == &t.unless;
    for (const Condition& condition : *conditions) {
      PredicateAnswer answer = condition.predicate->Ask(circumstances);
      if (answer.holds && !unless) {
        for (auto& [name, value] : answer.captures) fit.captures.emplace(name, std::move(value));
        fit.for_it.push_back(answer.why);
      }
      fit.answers.push_back({condition.key, {}, unless, answer.holds, std::move(answer.why)});
    }
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

std::vector<std::string> Selector::Consider(const Template& t, const Fit& fit) {
  std::vector<std::string> against = fit.AgainstIt();
  if (!against.empty()) return against;
  if (chosen_ != nullptr) return {GoesBefore(*chosen_, t)};
  auto plan = BuildPlan(t, incident_, options_, fit.captures, policies_.digest());
  if (!plan.ok()) return {Message(plan.status())};
  chosen_ = &t;
  selection_.plan = *std::move(plan);
  selection_.reasons = fit.for_it;
  EffectiveStage stage = StageOf(t);
  selection_.plan->stage = stage.stage;
  if (stage.stage != Stage::kAuto) selection_.plan->auto_merge = false;
  if (!stage.why.empty()) selection_.reasons.push_back(std::move(stage.why));
  if (NeedsWorkspace(t)) selection_.plan->workspace = ServedBy(t, options_.offers).workspace;
  return {};
}

void Selector::Conclude() {
  if (chosen_ != nullptr) return;
  const auto& templates = policies_.templates();
  std::string why;
  if (!by_name()) {
    why = templates.empty() ? "there are no templates" : "no template matches";
  } else if (policies_.Find(options_.only_template) != nullptr) {
    why = Cat("the template \"", options_.only_template, "\" cannot be used here");
  } else {
    std::vector<std::string> names;
    for (const Template& t : templates) names.push_back(t.name);
    why = Cat("there is no template \"", Truncate(EscapeControl(options_.only_template), 80), "\"",
              DidYouMean(options_.only_template, names));
  }
  selection_.reasons = {std::move(why)};
}

std::string OnlyOther(const SelectOptions& options) {
  return Cat("only \"", options.only_template, "\" was asked for");
}

// How much stands against a template: nothing, one thing, or more than is worth a word. Conditions
// are not asked beyond that.
int Selector::CountAgainst(TemplateIndex::Answers& answers, std::size_t place) const {
  const Template& t = policies_.templates()[place];
  if (!IsAskedFor(t)) return kFar;
  const bool match_ignored = by_name() && options_.ignore_match;
  const int conditions = match_ignored ? 0 : answers.Against(place, kFar);
  if (conditions == kFar || t.stage == Stage::kRetired) return kFar;
  return std::min<int>(conditions + static_cast<int>(Objections(t).size()), kFar);
}

Selection Selector::Fast() {
  const std::vector<Template>& templates = policies_.templates();
  // The one that was asked for by name says all its reasons.
  const bool few = templates.size() <= Selection::kShownAll + 1;
  TemplateIndex::Answers answers(policies_.index(), circumstances_);
  for (std::size_t place = 0; place < templates.size(); ++place) {
    const Template& t = templates[place];
    const int against = CountAgainst(answers, place);
    const bool may_be_chosen = against == 0 && chosen_ == nullptr;
    const bool shown = few || (by_name() && IsAskedFor(t)) ||
                       (against < kFar && selection_.rejected.size() < Selection::kShownNear);
    if (!may_be_chosen && !shown) {
      ++(against == kFar ? selection_.more_far : selection_.more_near);
      continue;
    }
    std::vector<std::string> why_not =
        IsAskedFor(t) ? Consider(t, Judge(t, &answers)) : std::vector{OnlyOther(options_)};
    if (!why_not.empty()) selection_.rejected.push_back({t.name, std::move(why_not)});
  }
  Conclude();
  return std::move(selection_);
}

ExplainedSelection Selector::Whole() {
  ExplainedSelection whole;
  for (const Template& t : policies_.templates()) {
    TemplateExplanation explanation{t.name, StageOf(t).stage, t.priority, false, {}, {}};
    if (!IsAskedFor(t)) {
      explanation.objections = {OnlyOther(options_)};
      selection_.rejected.push_back({t.name, explanation.objections});
    } else {
      Fit fit = Judge(t, nullptr);
      std::vector<std::string> why_not = Consider(t, fit);
      explanation.chosen = why_not.empty();
      // Where it matches but is not chosen, another goes first, or no plan can be made of it.
      explanation.objections = fit.AgainstIt().empty() ? why_not : std::move(fit.objections);
      if (!explanation.chosen) selection_.rejected.push_back({t.name, std::move(why_not)});
      explanation.answers = std::move(fit.answers);
      std::size_t n = 0;
      for (const auto* conditions : {&t.match, &t.unless}) {
        for (const Condition& condition : *conditions)
          explanation.answers[n++].spec = condition.predicate->Spec();
      }
    }
    whole.templates.push_back(std::move(explanation));
  }
  Conclude();
  whole.selection = std::move(selection_);
  return whole;
}

}  // namespace

Selection Select(const Incident& incident, const PolicySet& policies,
                 const SelectOptions& options) {
  return Selector(incident, policies, options).Fast();
}

ExplainedSelection ExplainSelection(const Incident& incident, const PolicySet& policies,
                                    const SelectOptions& options) {
  return Selector(incident, policies, options).Whole();
}

}  // namespace regreen
