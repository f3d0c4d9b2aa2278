#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/triage/literal.h"
#include "daemon/triage/rule.h"

namespace regreen {
namespace {

constexpr std::size_t kShortestLiteral = 3;

bool IsUsable(const std::vector<Literal>& literals) {
  return !literals.empty() && std::ranges::all_of(literals, [](const Literal& literal) {
    return literal.text.size() >= kShortestLiteral;
  });
}

void IndexNames(RuleIndex& index, Problems& problems) {
  for (std::uint32_t i = 0; i < index.rules.size(); ++i) {
    const Rule& rule = index.rules[i];
    const auto [at, added] = index.by_name.emplace(rule.name, i);
    if (added || rule.name.empty()) continue;
    const Position& first = index.rules[at->second].where;
    problems.Error(rule.where, Cat("there is a rule \"", rule.name, "\" already, at ", first.file,
                                   ":", first.line));
  }
  std::vector<std::string> names;
  for (const Rule& rule : index.rules) names.push_back(rule.name);
  for (const Rule& rule : index.rules) {
    for (const std::string& need : rule.needs) {
      if (index.by_name.contains(need)) continue;
      problems.Error(rule.where, Cat("\"", rule.name, "\" needs a rule \"", need,
                                     "\" that is not there", DidYouMean(need, names)));
    }
  }
}

}  // namespace

RuleIndex IndexRules(std::vector<Rule> rules, Problems& problems) {
  RuleIndex index;
  index.rules = std::move(rules);
  IndexNames(index, problems);
  std::map<Literal, std::vector<std::uint32_t>> by_literal;
  for (std::uint32_t r = 0; r < index.rules.size(); ++r) {
    const Rule& rule = index.rules[r];
    if (rule.marker) {
      index.marker_rules.push_back(r);
      continue;
    }
    for (std::uint32_t p = 0; p < rule.match.size(); ++p) {
      const std::vector<Literal> literals = RequiredLiterals(rule.match[p].pattern());
      if (!IsUsable(literals)) {
        problems.Error(
            rule.where,
            Cat("in rule \"", rule.name, "\", \"", rule.match[p].pattern(),
                "\" has no fixed text of three characters or more to look for; add a word that "
                "is always there"));
        continue;
      }
      for (const Literal& literal : literals) {
        by_literal[literal].push_back(static_cast<std::uint32_t>(index.patterns.size()));
      }
      index.patterns.push_back({r, p});
    }
  }
  std::vector<Literal> literals;
  for (auto& [literal, patterns] : by_literal) {
    literals.push_back(literal);
    index.by_literal.push_back(std::move(patterns));
  }
  auto sweep = LiteralSweep::Compile(literals);
  if (!sweep.ok()) {
    problems.Error({}, Message(sweep.status()));
  } else {
    index.sweep = *std::move(sweep);
  }
  return index;
}

}  // namespace regreen
