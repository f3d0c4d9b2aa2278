// Where which rule matches in a log. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/triage/clean.h"
#include "daemon/triage/outline.h"
#include "daemon/triage/rule.h"
#include "daemon/triage/triage.h"

namespace regreen {

struct Match {
  std::uint32_t rule = 0;  // index in the RuleIndex
  std::uint32_t line = 0;  // index in the log
  std::map<std::string, std::string> captures;
};

// A rule is looked for only so often: what a log says ten thousand times it has said.
inline constexpr std::size_t kMaxMatchesPerRule = 2000;
// Of a longer line only this much is matched.
inline constexpr std::size_t kMaxMatchedBytes = 4096;

// All matches in lines [first, last), in order of line and then priority, highest first. One sweep
// for the literals; expressions run on the lines only where theirs were found.
std::vector<Match> FindMatches(const RuleIndex& index, const CleanLog& log, const Outline& outline,
                               const TriageHints& hints, std::uint32_t first, std::uint32_t last);

// Adds the captures of the rule's `then` and `above` from the lines around the match.
void Complete(Match& match, const RuleIndex& index, const CleanLog& log);

// Adds those of `above` alone, to many matches: when they come in the order of their lines, each
// line is looked at once for a pattern, however many they are.
class LookAbove {
 public:
  // Both must outlive it.
  LookAbove(const RuleIndex& index, const CleanLog& log) : index_(index), log_(log) {}
  void Complete(Match& match);

 private:
  struct Nearest {
    std::uint32_t looked = 0;  // all lines before this one
    std::uint32_t line = 0;    // where the captures were found
    std::map<std::string, std::string> captures;
  };
  const RuleIndex& index_;
  const CleanLog& log_;
  std::map<const Regex*, Nearest> nearest_;
};

}  // namespace regreen
