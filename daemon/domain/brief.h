// What a coding agent is told before a round of its work. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace regreen {

// A round that did not prove anything.
struct AgentRound {
  std::string patch;   // what it changed; empty: nothing
  std::string output;  // why that was not enough: what the check printed, or the guard's reasons
};

struct Brief {
  std::string prompt;               // rendered; untrusted values in it are delimited
  std::vector<AgentRound> earlier;  // oldest first
  std::vector<std::string> rules;   // what the guard will refuse, in plain words
  std::vector<std::pair<std::string, std::string>> env;  // for what it runs
  absl::Duration timeout = absl::Minutes(10);
  double max_usd = 0;  // that may still be spent; 0: no cap
};

// The whole brief as one text. Patches and output are cut to their ends, made printable, and stand
// between lines that they cannot hold.
std::string BriefText(const Brief& brief);

}  // namespace regreen
