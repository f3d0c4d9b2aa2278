#include "daemon/pipeline/agent_brief.h"

#include <algorithm>
#include <span>

#include "daemon/base/text.h"
#include "daemon/pipeline/outputs.h"

namespace regreen {
namespace {

constexpr std::size_t kMostRules = 40;
constexpr std::size_t kMostPathsOfARule = 8;

std::string Some(const std::vector<std::string>& paths) {
  const std::size_t shown = std::min(paths.size(), kMostPathsOfARule);
  return Cat(Join(std::span(paths).first(shown), ", "), shown < paths.size() ? ", …" : "");
}

// What the guard will say, told beforehand. The words are the operators', of templates and guard.
std::vector<std::string> RulesOf(const Plan& plan, const GuardRules& guard) {
  std::vector<std::string> rules;
  if (!plan.guard_paths.empty())
    rules.push_back(Cat("Change only files that match: ", Some(plan.guard_paths), "."));
  rules.push_back(
      Cat("Change at most ", plan.guard_max_files, " files and ", plan.guard_max_lines, " lines."));
  const auto holds = [&](const GuardRule& rule) {
    return rule.severity == Severity::kRefuse &&
           std::ranges::find(plan.guard_allow, rule.name) == plan.guard_allow.end();
  };
  const auto tell = [&](const auto& list, std::string_view begin) {
    for (const auto& rule : list) {
      if (holds(rule)) rules.push_back(Cat(begin, rule.about, "."));
    }
  };
  for (const ProtectedPaths& place : guard.protected_paths) {
    if (holds(place))
      rules.push_back(Cat("Do not touch what ", place.about, ": ", Some(place.paths), "."));
  }
  tell(guard.deleted_files, "Do not delete what ");
  tell(guard.added_text, "Add no line that ");
  tell(guard.fewer_lines, "Do not take out more than you add of what ");
  tell(guard.loosened_text, "Make no change that ");
  tell(guard.moved_numbers, "Change no number such that it ");
  if (TakesOutputs(plan)) {
    std::vector<std::string> names;
    for (const ValueSpec& spec : plan.outputs) {
      if (spec.type != ValueType::kPatch) names.push_back(spec.name);
    }
    rules.insert(rules.begin(), Cat("What you find out goes to the file .git/regreen-output, as "
                                    "lines name=value, with these names: ",
                                    Join(names, ", "), "."));
  }
  if (rules.size() > kMostRules) rules.resize(kMostRules);
  return rules;
}

}  // namespace

Brief FirstBrief(const Plan& plan, const Evidence& evidence, const GuardRules& guard,
                 const Step& step) {
  Brief brief;
  brief.prompt = step.text;
  brief.command = plan.verify_command;
  brief.directory = plan.verify_directory;
  for (const EvidenceLine& line : evidence.lines) Append(brief.evidence, line.text, "\n");
  brief.rules = RulesOf(plan, guard);
  brief.timeout = step.timeout;
  return brief;
}

}  // namespace regreen
