// The conditions of many templates, arranged to be asked fast: each distinct condition and each
// distinct log pattern at most once for an incident, cheap ones first, and a template's dear ones
// only while it may still be chosen or worth a word.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/regex.h"
#include "daemon/base/regex_filter.h"
#include "daemon/policy/predicate.h"
#include "daemon/policy/template.h"

namespace regreen {

// Immutable; any thread.
class TemplateIndex {
 public:
  explicit TemplateIndex(const std::vector<Template>& templates);

  // The answers for one incident, kept as they are asked. One thread; the index and the
  // circumstances outlive it.
  class Answers final : public LogFindings {
   public:
    Answers(const TemplateIndex& index, const Circumstances& circumstances);
    bool MayMatch(const Regex& pattern) const override;
    // How many conditions stand against the template at this place of the list; counting ends at
    // `most`.
    int Against(std::size_t place, int most);

   private:
    enum class Answer : char { kUnknown, kYes, kNo };
    bool Holds(std::uint32_t question);
    bool LogMatches(std::uint32_t pattern);
    const std::vector<bool>& Candidates() const;

    const TemplateIndex& index_;
    const Circumstances& circumstances_;
    std::vector<Answer> questions_, patterns_;
    mutable std::optional<std::vector<bool>> candidates_;  // patterns that the log may match
  };

 private:
  struct Question {
    std::shared_ptr<const Predicate> predicate;
    std::vector<std::uint32_t> patterns;  // of the log, by number; empty for other kinds
  };
  struct Term {
    std::uint32_t question;
    bool unless;
  };

  std::vector<Question> questions_;
  std::vector<Term> terms_;          // of all templates, one after the other
  std::vector<std::size_t> begins_;  // of each template's terms, and the end
  std::vector<Regex> patterns_;
  absl::flat_hash_map<std::string, std::uint32_t> pattern_numbers_;
  std::unique_ptr<const RegexFilter> filter_;
};

}  // namespace regreen
