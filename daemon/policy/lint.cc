#include "daemon/policy/lint.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "daemon/base/text.h"
#include "daemon/policy/input_sources.h"
#include "daemon/policy/texts.h"

namespace regreen {
namespace {

constexpr std::string_view kMatch = "match.", kUnless = "match.unless.";

// Everything that may read an input.
std::vector<std::string_view> TextsOf(const Template& t) {
  std::vector<std::string_view> texts = {t.change_title, t.change_body, t.verify_command};
  const auto add = [&](const std::vector<std::string>& setup,
                       const std::vector<TemplateStep>& steps) {
    texts.insert(texts.end(), setup.begin(), setup.end());
    for (const TemplateStep& step : steps) {
      texts.push_back(step.run);
      texts.push_back(step.text);
    }
  };
  add(t.setup, t.steps);
  for (const auto& link : t.chain) add(link->setup, link->steps);
  for (const InputScope& scope : t.scopes) {
    for (const auto& [name, text] : scope.given) texts.push_back(text);
  }
  return texts;
}

void WarnOfUnusedInputs(const Template& t, Problems& problems) {
  if (t.inputs.empty()) return;
  std::set<std::string> named;
  const std::vector<std::string_view> texts = TextsOf(t);
  for (const std::string_view text : texts) {
    if (text.find("{{") == std::string_view::npos) continue;
    for (std::string& name : NamesIn(text)) named.insert(std::move(name));
  }
  for (const InputSpec& input : t.inputs) {
    if (input.where.file != t.where.file || named.contains(input.value.name)) continue;
    const std::string variable = InputVariable(input.value.name);
    const bool read = std::any_of(texts.begin(), texts.end(), [&](std::string_view text) {
      return text.find(variable) != std::string_view::npos;
    });
    if (read) continue;
    problems.Warn(input.where, Cat("nothing reads the input \"", input.value.name, "\": write {{",
                                   input.value.name, "}} in a text or $", variable,
                                   " in a command, or leave it out"));
  }
}

std::vector<std::string> GroupsOf(const Template& t) {
  constexpr std::string_view begin = "(?P<";
  std::vector<std::string> names;
  for (const TomlValue& value : t.values) {
    if (value.path != "match.log" && value.path != "match.command") continue;
    for (std::size_t at = value.text.find(begin); at != std::string::npos;
         at = value.text.find(begin, at + 1)) {
      const std::size_t from = at + begin.size(), end = value.text.find('>', from);
      if (end != std::string::npos) names.push_back(value.text.substr(from, end - from));
    }
  }
  return names;
}

// A group may be of the log rule that names the failure, so only a near miss tells a slip.
void WarnOfNearGroups(const Template& t, Problems& problems) {
  for (const InputSpec& input : t.inputs) {
    const auto source = ParseInputSource(input.from);
    if (!source.ok() || source->kind != InputSource::Kind::kLog) continue;
    const std::vector<std::string> groups = GroupsOf(t);
    if (std::find(groups.begin(), groups.end(), source->name) != groups.end()) continue;
    const std::string nearest = DidYouMean(source->name, groups);
    if (nearest.empty()) continue;
    problems.Warn(input.where,
                  Cat("no pattern of this template has a group \"", source->name, "\"", nearest));
  }
}

void WarnOfStepsBehindTheEnd(const Template& t, Problems& problems) {
  const auto unconditional = [](const TemplateStep& step) {
    return step.when.classes.empty() && step.when.max_run_attempt == 0 && step.when.after.empty();
  };
  const auto end = std::find_if(t.steps.begin(), t.steps.end(), [&](const TemplateStep& step) {
    return step.kind == StepKind::kReport && unconditional(step);
  });
  if (end == t.steps.end()) return;
  for (auto step = end + 1; step != t.steps.end(); ++step) {
    // A step without conditions is not climbed after these two either.
    const auto& after = step->when.after;
    if (std::any_of(after.begin(), after.end(), [](StepOutcome outcome) {
          return outcome == StepOutcome::kRecovered || outcome == StepOutcome::kUnreproducible;
        })) {
      continue;
    }
    problems.Warn(step->where, Cat("the step \"", step->name, "\" is never climbed: the report \"",
                                   end->name, "\" before it ends the ladder"));
  }
}

// "match.class = [...]", one for each condition.
std::vector<std::string> ConditionsOf(const Template& t) {
  std::vector<std::string> conditions;
  for (const TomlValue& value : t.values) {
    if (value.path.starts_with(kMatch) && !value.path.starts_with(kUnless))
      conditions.push_back(Cat(value.path, " = ", value.text));
  }
  std::sort(conditions.begin(), conditions.end());
  return conditions;
}

// Whether a plan can be made of it whatever the failure, given that its conditions hold.
bool AlwaysFits(const Template& t) {
  if (t.stage == Stage::kDraft || t.stage == Stage::kRetired || !t.unless.empty()) return false;
  const auto texts = TextsOf(t);
  return t.chain.empty() && t.scopes.size() < 2 &&
         std::all_of(t.inputs.begin(), t.inputs.end(),
                     [](const InputSpec& i) { return i.from.empty() && !i.required; }) &&
         std::none_of(texts.begin(), texts.end(), [](std::string_view text) {
           return text.find("{{") != std::string_view::npos;
         });
}

struct Earlier {
  const Template* t;
  std::vector<std::string> conditions;
};

void WarnOfShadowed(const std::vector<Template>& templates, Problems& problems) {
  // By their first condition: a template that another shadows has it too.
  std::unordered_map<std::string, std::vector<Earlier>> earlier;
  for (const Template& t : templates) {
    std::vector<std::string> own = ConditionsOf(t);
    const Template* shadow = nullptr;
    const auto look = [&](const std::string& first) {
      const auto found = earlier.find(first);
      if (found == earlier.end()) return;
      for (const Earlier& other : found->second) {
        if (NeedsFailingCommand(*other.t) && !NeedsFailingCommand(t)) continue;
        if (std::includes(own.begin(), own.end(), other.conditions.begin(), other.conditions.end()))
          shadow = shadow == nullptr ? other.t : shadow;
      }
    };
    look("");
    for (const std::string& condition : own) look(condition);
    if (shadow != nullptr && t.stage != Stage::kRetired && t.stage != Stage::kDraft) {
      problems.Warn(t.where, Cat("\"", t.name, "\" is never chosen: \"", shadow->name,
                                 "\" goes before it and asks for no more"));
    }
    if (!AlwaysFits(t)) continue;
    const std::string first = own.empty() ? "" : own.front();
    earlier[first].push_back({&t, std::move(own)});
  }
}

}  // namespace

void Lint(const std::vector<Template>& templates, Problems& problems) {
  for (const Template& t : templates) {
    WarnOfUnusedInputs(t, problems);
    WarnOfNearGroups(t, problems);
    WarnOfStepsBehindTheEnd(t, problems);
  }
  WarnOfShadowed(templates, problems);
}

}  // namespace regreen
