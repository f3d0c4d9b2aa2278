// A predicate is one condition of a template. It answers why, not only whether, so that a person
// who asks "why was my template not chosen" gets a sentence for each key. Pure; any thread.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/regex.h"
#include "daemon/base/toml.h"
#include "daemon/domain/incident.h"

namespace regreen {

// What was found out about the log by looking for many patterns at once.
class LogFindings {
 public:
  virtual ~LogFindings() = default;
  // False: the pattern matches nothing of the log, so nobody need try.
  virtual bool MayMatch(const Regex& pattern) const = 0;
};

// What conditions are asked of. Every text in it is untrusted.
struct Circumstances {
  const Incident& incident;
  std::string_view command;          // the failing command, when it is known
  const LogFindings* log = nullptr;  // may be absent; outlives the asking
};

struct PredicateAnswer {
  bool holds = false;
  std::string why;  // a clause that is safe to print: `repo "a/b" fits "a/*"`
  std::map<std::string, std::string> captures;  // named groups of the pattern that matched
};

class Predicate {
 public:
  virtual ~Predicate() = default;
  virtual PredicateAnswer Ask(const Circumstances& circumstances) const = 0;
  // Ask().holds, without the words: what selection among many templates asks first.
  virtual bool Holds(const Circumstances& circumstances) const { return Ask(circumstances).holds; }
  // What it asks, as a template writes it: `["test", "lint"]`. Two predicates of one key with the
  // same spec have the same answer.
  virtual std::string Spec() const = 0;
  // The patterns of which one must match the log; empty for every other kind.
  virtual std::span<const Regex> log_patterns() const { return {}; }
};

struct Condition {
  std::string key;  // as it is written in the template: "log"
  std::shared_ptr<const Predicate> predicate;
};

// Whether a pattern of `log` matches, so that selection asks each distinct one once.
bool MatchesLog(const Regex& pattern, const Incident& incident);

// Reads every condition key that the table holds; any other key is the caller's. Bad globs,
// patterns, classes and numbers are noted as problems, and their conditions are left out.
//   Names, by glob, any of a list: ci (the name that the configuration gives to the provider) repo
//     branch base_branch event workflow job step author rule tool failing_test label.
//   Paths, by glob, any of a list: path (of what the commit or the pull request changed).
//   Text, by RE2, any of a list: log (each line of the evidence, and the command that the log
//     shows), command (as it is known, or else as the log shows it).
//   Facts: class, exit_code, run_attempt (any of); fork, pull_request (true or false).
//   History of the fingerprint in its repository: flaky (true or false: one commit showed it and
//     was green at a later attempt of the run), seen_at_least (from 1: runs before this one),
//     seen ("first", or { at_least = 3, within = "24h" }: runs before this one, no older than
//     that).
//   Time: window (daemon/policy/time_window.h, any of a list), of when the run was collected.
std::vector<Condition> ReadConditions(TomlTable& table);

}  // namespace regreen
