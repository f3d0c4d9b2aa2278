#include "daemon/triage/triage.h"

#include <algorithm>

#include "daemon/triage/clean.h"
#include "daemon/triage/evidence.h"
#include "daemon/triage/match.h"
#include "daemon/triage/outline.h"
#include "daemon/triage/rule.h"

namespace regreen {
namespace {

bool SaysWhy(const RuleIndex& index, const std::vector<Match>& matches) {
  return std::ranges::any_of(matches, [&](const Match& match) {
    return index.rules[match.rule].priority > kGenericPriority;
  });
}

}  // namespace

RuleSet::RuleSet(std::unique_ptr<RuleIndex> index) : index_(std::move(index)) {}
RuleSet::~RuleSet() = default;

std::shared_ptr<const RuleSet> RuleSet::Load(std::span<const RuleSource> files,
                                             Problems& problems) {
  Problems own;
  std::vector<Rule> rules;
  for (const RuleSource& file : files) ReadRules(file.text, file.file, rules, own);
  auto index = std::make_unique<RuleIndex>(IndexRules(std::move(rules), own));
  for (const Problem& problem : own.all()) {
    if (problem.severity == Problem::Severity::kError)
      problems.Error(problem.where, problem.message);
    else
      problems.Warn(problem.where, problem.message);
  }
  if (own.has_errors()) return nullptr;
  return std::shared_ptr<const RuleSet>(new RuleSet(std::move(index)));
}

std::size_t RuleSet::size() const {
  return index_->rules.size();
}

std::vector<std::string> RuleSet::Names() const {
  std::vector<std::string> names;
  for (const Rule& rule : index_->rules) names.push_back(rule.name);
  return names;
}

Evidence Triage::Run(std::string_view raw_log, const TriageHints& hints) const {
  const RuleIndex& index = rules_->index();
  const CleanLog log(raw_log);
  const Outline outline = ReadOutline(log);
  const auto end = static_cast<std::uint32_t>(log.lines().size());
  // Steps that passed are full of words that only sound bad: begin with the one that failed.
  const std::uint32_t begin = outline.failed ? outline.steps[*outline.failed].first : 0;
  std::vector<Match> matches = FindMatches(index, log, outline, hints, begin, end);
  if (begin > 0 && !SaysWhy(index, matches)) {
    matches = FindMatches(index, log, outline, hints, 0, end);
  }
  return MakeEvidence(index, log, outline, hints, std::move(matches));
}

}  // namespace regreen
