#include "daemon/policy/ladder_builder.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/texts.h"

namespace regreen {
namespace {

constexpr std::size_t kMostSteps = 50;

const InputSpec* FindInput(const std::vector<InputSpec>& inputs, std::string_view name) {
  const auto found = std::find_if(inputs.begin(), inputs.end(),
                                  [&](const InputSpec& input) { return input.value.name == name; });
  return found == inputs.end() ? nullptr : &*found;
}

// Both must hold; nullopt when they never do.
std::optional<StepWhen> Both(const StepWhen& a, const StepWhen& b) {
  const auto common = [](auto first, const auto& second) {
    if (first.empty()) return second;
    if (second.empty()) return first;
    std::erase_if(first, [&](const auto& one) {
      return std::find(second.begin(), second.end(), one) == second.end();
    });
    return first;
  };
  StepWhen both;
  both.classes = common(a.classes, b.classes);
  both.after = common(a.after, b.after);
  both.max_run_attempt = a.max_run_attempt == 0 || b.max_run_attempt == 0
                             ? std::max(a.max_run_attempt, b.max_run_attempt)
                             : std::min(a.max_run_attempt, b.max_run_attempt);
  const bool never =
      (both.classes.empty() && !a.classes.empty()) || (both.after.empty() && !a.after.empty());
  return never ? std::nullopt : std::optional(both);
}

}  // namespace

std::vector<std::string> TemplateNames(const TemplateIndex& index) {
  std::vector<std::string> names;
  for (const auto& [name, t] : index) names.push_back(name);
  return names;
}

void NoteCycle(std::string_view relation, const std::vector<std::string>& path,
               const std::string& back_to, const Position& where, Problems& problems) {
  std::vector<std::string> cycle(std::find(path.begin(), path.end(), back_to), path.end());
  const bool first =
      path.front() == back_to && *std::min_element(cycle.begin(), cycle.end()) == back_to;
  cycle.push_back(back_to);
  if (first)
    problems.Error(where, Cat("\"", back_to, "\" ", relation, " itself: ", Join(cycle, " → ")));
}

Ladder LadderBuilder::Build(const Template& t, const Position& where) {
  ladder_.template_name = t.name;
  ladder_.setup = t.setup;
  ladder_.scopes.push_back({t.name, t.inputs, 0, {}});
  path_ = {t.name};
  Trusted trusted;
  for (const InputSpec& input : t.inputs) {
    if (input.trusted) trusted.insert(input.value.name);
  }
  Add(t, 0, trusted, {});
  if (ladder_.steps.size() > kMostSteps)
    problems_.Error(where, Cat("with the templates that it uses, \"", t.name, "\" has more than ",
                               kMostSteps, " steps"));
  return std::move(ladder_);
}

void LadderBuilder::Add(const Template& t, std::size_t scope, const Trusted& trusted,
                        const StepWhen& when) {
  for (const TemplateStep& step : t.steps) {
    const auto both = Both(step.when, when);
    if (!both) {
      problems_.Error(step.when_where, Cat("the step \"", step.name, "\" is never climbed where \"",
                                           ladder_.template_name,
                                           "\" uses it: its \"when\" excludes that of the use"));
      continue;
    }
    if (!step.use.empty()) {
      AddUse(step, scope, trusted, *both);
    } else if (ladder_.steps.size() <= kMostSteps) {
      TemplateStep copy = step;
      copy.when = *both;
      copy.scope = scope;
      if (scope > 0) {
        copy.source = t.name;
        copy.name = Cat(t.name, ": ", step.name);
      }
      ladder_.steps.push_back(std::move(copy));
    }
  }
}

void LadderBuilder::AddUse(const TemplateStep& step, std::size_t scope, const Trusted& trusted,
                           const StepWhen& when) {
  const auto found = index_.find(step.use);
  if (found == index_.end()) {
    problems_.Error(step.text_where, Cat("there is no template ", TomlQuote(step.use),
                                         DidYouMean(step.use, TemplateNames(index_))));
    return;
  }
  const Template& part = *found->second;
  if (std::find(path_.begin(), path_.end(), part.name) != path_.end()) {
    NoteCycle("uses", path_, part.name, step.text_where, problems_);
    return;
  }
  if (!when.after.empty() && part.steps.size() > 1) {
    problems_.Error(step.when_where,
                    Cat("\"", part.name, "\" has ", part.steps.size(),
                        " steps, so \"after\" cannot say when all are climbed: leave it out"));
  }
  if (std::none_of(used_.begin(), used_.end(), [&](const auto& u) { return u.first == &part; })) {
    used_.emplace_back(&part, step.text_where);
    for (const std::string& command : part.setup) {
      auto& setup = ladder_.setup;
      if (std::find(setup.begin(), setup.end(), command) == setup.end()) setup.push_back(command);
    }
  }
  const Trusted inner = CheckGiven(step, part, scope, trusted);
  CheckCommands(step, part, inner);
  ladder_.scopes.push_back({part.name, part.inputs, scope, step.use_inputs});
  path_.push_back(part.name);
  Add(part, ladder_.scopes.size() - 1, inner, when);
  path_.pop_back();
}

LadderBuilder::Trusted LadderBuilder::CheckGiven(const TemplateStep& step, const Template& part,
                                                 std::size_t scope, const Trusted& trusted) {
  Trusted inner;
  std::vector<std::string> names;
  for (const InputSpec& input : part.inputs) {
    const std::string& name = input.value.name;
    names.push_back(name);
    const auto given = step.use_inputs.find(name);
    if (given == step.use_inputs.end()) {
      if (input.trusted) inner.insert(name);
      if (input.required && input.from.empty()) {
        problems_.Error(step.text_where,
                        Cat("\"", part.name, "\" needs its input \"", name, "\": give it a value"));
      }
      continue;
    }
    const std::vector<std::string> named = NamesIn(given->second);
    const bool safe = std::all_of(named.begin(), named.end(), [&](const std::string& one) {
      const bool unknown =  // which is told already
          !IsTextVariable(one) && FindInput(ladder_.scopes[scope].inputs, one) == nullptr;
      return unknown || trusted.contains(one) || IsTrustedVariable(one);
    });
    if (safe && (input.trusted || !input.from.empty())) inner.insert(name);
    const std::string mistake = named.empty() ? ValueMistake(input.value, given->second) : "";
    if (!mistake.empty())
      problems_.Error(step.text_where, Cat("the value of \"", name, "\" ", mistake));
  }
  for (const auto& [name, text] : step.use_inputs) {
    if (FindInput(part.inputs, name) != nullptr) continue;
    problems_.Error(step.text_where, Cat("\"", part.name, "\" has no input \"", name, "\"",
                                         DidYouMean(name, names)));
  }
  return inner;
}

// What the used template trusts may be what its user does not.
void LadderBuilder::CheckCommands(const TemplateStep& step, const Template& part,
                                  const Trusted& trusted) {
  std::set<std::string> told;
  for (const TemplateStep& inner : part.steps) {
    if (inner.kind != StepKind::kRun || !inner.use.empty()) continue;
    for (const std::string& name : NamesIn(inner.run)) {
      const InputSpec* input = FindInput(part.inputs, name);
      if (input == nullptr || !input->trusted || trusted.contains(name)) continue;
      if (!told.insert(name).second) continue;
      problems_.Error(
          step.text_where,
          Cat("the input \"", name, "\" of \"", part.name,
              "\" stands in a command, and a stranger may have written its value here"));
    }
  }
}

}  // namespace regreen
