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
  std::string prompt;               // rendered from the template; untrusted values are delimited
  std::string command, directory;   // what must pass, and where below the tree; "": not told
  std::string evidence;             // lines of the log, for a prompt that does not hold them
  std::vector<AgentRound> earlier;  // oldest first
  std::vector<std::string> rules;   // what the guard will refuse, in plain words
  std::vector<std::string> merged;  // patches that people merged for this very failure
  std::vector<std::pair<std::string, std::string>> env;  // for what it runs
  absl::Duration timeout = absl::Minutes(10);
  double max_usd = 0;  // that may still be spent; 0: no cap
};

// The whole brief as one text: the prompt and the frame that every agent gets. What strangers may
// have written (patches, output, evidence) is cut to its end, without secrets and codes of
// terminals, and stands between lines that it cannot hold.
std::string BriefText(const Brief& brief);

}  // namespace regreen
