#include "daemon/policy/template_index.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

// Cheap questions that tell many templates apart come first, the log last.
int CostOf(const Condition& condition) {
  if (!condition.predicate->log_patterns().empty()) return 3;
  for (const char* key : {"command", "failing_test", "path"}) {
    if (condition.key == key) return 2;
  }
  return condition.key == "class" ? 0 : 1;
}

struct Asked {
  const Condition* condition;
  bool unless;
};

std::vector<Asked> ConditionsOf(const Template& t) {
  std::vector<Asked> all;
  for (const Condition& condition : t.match) all.push_back({&condition, false});
  for (const Condition& condition : t.unless) all.push_back({&condition, true});
  std::stable_sort(all.begin(), all.end(), [](const Asked& a, const Asked& b) {
    return CostOf(*a.condition) < CostOf(*b.condition);
  });
  return all;
}

}  // namespace

TemplateIndex::TemplateIndex(const std::vector<Template>& templates) {
  absl::flat_hash_map<std::string, std::uint32_t> questions;
  std::vector<std::string> texts;
  const auto number_pattern = [&](const Regex& pattern) {
    const auto [entry, fresh] =
        pattern_numbers_.emplace(pattern.pattern(), static_cast<std::uint32_t>(texts.size()));
    if (fresh) {
      patterns_.push_back(pattern);
      texts.push_back(pattern.pattern());
    }
    return entry->second;
  };
  const auto number_question = [&](const Condition& condition) {
    const auto [entry, fresh] =
        questions.emplace(Cat(condition.key, "=", condition.predicate->Spec()),
                          static_cast<std::uint32_t>(questions.size()));
    if (fresh) {
      Question question{condition.predicate, {}};
      for (const Regex& pattern : condition.predicate->log_patterns())
        question.patterns.push_back(number_pattern(pattern));
      questions_.push_back(std::move(question));
    }
    return entry->second;
  };
  for (const Template& t : templates) {
    begins_.push_back(terms_.size());
    for (const Asked& asked : ConditionsOf(t))
      terms_.push_back({number_question(*asked.condition), asked.unless});
  }
  begins_.push_back(terms_.size());
  filter_ = std::make_unique<const RegexFilter>(texts);
}

TemplateIndex::Answers::Answers(const TemplateIndex& index, const Circumstances& circumstances)
    : index_(index),
      circumstances_(circumstances),
      questions_(index.questions_.size(), Answer::kUnknown),
      patterns_(index.patterns_.size(), Answer::kUnknown) {}

int TemplateIndex::Answers::Against(std::size_t place, int most) {
  int against = 0;
  for (std::size_t i = index_.begins_[place]; i < index_.begins_[place + 1]; ++i) {
    const Term& term = index_.terms_[i];
    if (Holds(term.question) == term.unless && ++against >= most) break;
  }
  return against;
}

bool TemplateIndex::Answers::Holds(std::uint32_t n) {
  Answer& answer = questions_[n];
  if (answer == Answer::kUnknown) {
    const Question& question = index_.questions_[n];
    const bool holds = question.patterns.empty()
                           ? question.predicate->Holds(circumstances_)
                           : std::any_of(question.patterns.begin(), question.patterns.end(),
                                         [&](std::uint32_t p) { return LogMatches(p); });
    answer = holds ? Answer::kYes : Answer::kNo;
  }
  return answer == Answer::kYes;
}

const std::vector<bool>& TemplateIndex::Answers::Candidates() const {
  if (!candidates_) {
    const Evidence& evidence = circumstances_.incident.evidence;
    std::string text;
    for (const EvidenceLine& line : evidence.lines) Append(text, line.text, "\n");
    candidates_ = index_.filter_->Candidates(Cat(text, evidence.command));
  }
  return *candidates_;
}

bool TemplateIndex::Answers::MayMatch(const Regex& pattern) const {
  const auto known = index_.pattern_numbers_.find(pattern.pattern());
  return known == index_.pattern_numbers_.end() || Candidates()[known->second];
}

bool TemplateIndex::Answers::LogMatches(std::uint32_t n) {
  if (!Candidates()[n]) return false;
  Answer& answer = patterns_[n];
  if (answer == Answer::kUnknown) {
    answer = MatchesLog(index_.patterns_[n], circumstances_.incident) ? Answer::kYes : Answer::kNo;
  }
  return answer == Answer::kYes;
}

}  // namespace regreen
