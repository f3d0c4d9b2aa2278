#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/triage/clean.h"
#include "daemon/triage/match.h"
#include "daemon/triage/rule.h"
#include "daemon/triage/triage.h"

namespace regreen {
namespace {

bool Matches(const RuleIndex& index, std::uint32_t rule, std::string_view text) {
  const CleanLog log(text);
  const Outline outline = ReadOutline(log);
  const auto end = static_cast<std::uint32_t>(log.lines().size());
  const auto matches = FindMatches(index, log, outline, {}, 0, end);
  return std::ranges::any_of(matches, [&](const Match& match) { return match.rule == rule; });
}

}  // namespace

void CheckExamples(const RuleSet& rules, Problems& problems) {
  const RuleIndex& index = rules.index();
  for (std::uint32_t i = 0; i < index.rules.size(); ++i) {
    const Rule& rule = index.rules[i];
    if (rule.examples.empty()) {
      problems.Warn(rule.where,
                    Cat("rule \"", rule.name, "\" has no example, so nothing shows that it works"));
    }
    for (const std::string& text : rule.examples) {
      if (Matches(index, i, text)) continue;
      problems.Error(rule.where, Cat("rule \"", rule.name, "\" does not match its example \"",
                                     Truncate(text, 200), "\""));
    }
    for (const std::string& text : rule.counter_examples) {
      if (!Matches(index, i, text)) continue;
      problems.Error(rule.where, Cat("rule \"", rule.name, "\" matches its counter-example \"",
                                     Truncate(text, 200), "\""));
    }
  }
}

}  // namespace regreen
