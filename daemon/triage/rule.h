// A log rule: what a line of a failure looks like, and what it says. Rules are data
// (policies/rules/*.toml, described in the README there); this is their form in memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/regex.h"
#include "daemon/base/toml.h"
#include "daemon/domain/incident.h"
#include "daemon/triage/clean.h"
#include "daemon/triage/sweep.h"

namespace regreen {

// Rules of a lower priority say only that something failed. When they alone match in the failing
// step, the rest of the log is looked at too.
inline constexpr int kGenericPriority = 30;

struct Rule {
  std::string name;  // unique
  FailureClass failure_class = FailureClass::kUnknown;
  std::string tool;                   // what printed the line, "" when it could be anything
  int priority = 50;                  // 1 to 99; of two matches the higher names the failure
  std::vector<Regex> match;           // any of them; named groups are the captures
  std::vector<Regex> unless;          // none of them, on the same line
  std::optional<Marker> marker;       // only on lines that the CI marked so
  std::vector<Regex> step;            // any of them in the step's name or command
  std::vector<std::string> provider;  // any of them, when the provider is known
  std::vector<std::string> needs;     // names of rules of which one matches somewhere too
  std::optional<Regex> then;   // adds its captures from the first of the lines below that matches
  std::vector<Regex> above;    // likewise, each from the nearest of the lines above
  std::optional<Regex> until;  // what lies between the match and the line that matches this is an
                               // aside: no rule matches there
  int within = 30;             // how many lines `then` and `until` look at
  int above_within = 30;       // how many lines `above` looks at; as `within` when it is not given
  int before = 0, after = 2;   // lines of context
  std::string test;            // template of a failed test's name, e.g. "{class}.{test}"
  std::string titles;          // how the test's name goes on in the lines below; see failed_test.h
  std::string signature;       // template of the signature's part behind the tool
  bool outcome = false;        // tells how the job ended, not why
  std::vector<std::string> examples, counter_examples;  // whole texts, one line or more
  Position where;
};

// One of the patterns that the sweep looks for.
struct RulePattern {
  std::uint32_t rule = 0;     // index
  std::uint32_t pattern = 0;  // index in Rule::match
};

struct RuleIndex {
  std::vector<Rule> rules;
  std::vector<RulePattern> patterns;                   // those that have literals
  std::vector<std::vector<std::uint32_t>> by_literal;  // literal → patterns
  std::vector<std::uint32_t> marker_rules;             // rules that look at marked lines
  std::map<std::string, std::uint32_t, std::less<>> by_name;
  std::unique_ptr<LiteralSweep> sweep;
};

// Reads the [[rule]] tables of one file. Every mistake is noted with its place.
void ReadRules(std::string_view text, const std::string& file, std::vector<Rule>& rules,
               Problems& problems);

// The sweep over all rules. Notes patterns without required text, unknown names in `needs` and
// doubles.
RuleIndex IndexRules(std::vector<Rule> rules, Problems& problems);

// "{name}" in a template becomes the capture, "" when there is none.
std::string Fill(std::string_view form, const std::map<std::string, std::string>& captures);

}  // namespace regreen
