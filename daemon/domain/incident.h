// An incident is one failure, however many jobs, runs and branches show it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/json.h"
#include "daemon/domain/run.h"

namespace regreen {

enum class FailureClass {
  kUnknown,
  kNone,
  kCompile,
  kTest,
  kLint,
  kFormat,
  kTypes,
  kDependency,
  kDocs,
  kLicence,
  kCiConfig,
  kInfra,
  kNetwork,
  kTimeout,
  kResources,
  kAuth,
};
std::string_view ToString(FailureClass c);  // "ci-config"
std::optional<FailureClass> ParseFailureClass(std::string_view name);
const std::vector<std::string>& FailureClassNames();

struct Diagnostic {
  std::string file;
  int line = 0, column = 0;  // from 1; 0: not known
  std::string message;
};

struct EvidenceLine {
  std::int64_t n = 0;  // in the raw log, from 1
  std::string text;    // cleaned, valid UTF-8, capped
  std::string role;    // "primary" or "context"
};

// What triage reads in one log. Every text in it is untrusted.
struct Evidence {
  FailureClass failure_class = FailureClass::kNone;
  std::string rule;         // the rule that named it, "" for none
  std::string signature;    // what a person would call it; stable over branches and vendors
  std::string fingerprint;  // hex of SHA-256 over (class, signature)
  std::string tool, step, command;
  std::string directory;  // where the command runs, below the tree; "" is its root
  std::optional<int> exit_code;
  std::vector<std::string> failed_tests;
  std::vector<Diagnostic> diagnostics;
  std::vector<EvidenceLine> lines;
  std::map<std::string, std::string> captures;  // of the rule that named it
};

void WriteJson(const Evidence& evidence, JsonWriter& out);  // an object
Evidence EvidenceFromJson(const Json& json);                // what is missing stays empty

// What came before of an incident's fingerprint, in its repository, on whichever branch.
struct History {
  int seen = 0;       // runs that showed it, each attempt of a run by itself; not the present one
  int recovered = 0;  // of those: the same workflow was green at the same commit
  int fixed = 0;      // its tasks whose change was merged
  std::vector<absl::Time> times;  // when it was seen, newest first; the last kMostTimes
  static constexpr std::size_t kMostTimes = 100;
  bool flaky() const { return recovered > 0; }  // one commit, different results
};

struct Incident {
  std::string id;  // set by the store
  absl::Time at;   // when the run was collected
  RunFacts run;
  JobFacts job;                   // of the first job that showed it
  std::vector<std::string> jobs;  // names of all of this run
  Evidence evidence;
  History history;  // when the run was collected; not brought up to date later
  // Asked for only when a template asks about them.
  std::vector<std::string> changed_paths;  // by the commit, capped
  std::vector<std::string> labels;         // of the pull request
};

// Jobs of one repository and target branch with one fingerprint are one incident. What a fork shows
// stands by itself, for each of its pull requests: it opens, joins and takes over nothing of the
// repository's own.
std::string IncidentKey(const RunFacts& run, const Evidence& evidence);

void WriteJson(const History& history, JsonWriter& out);
History HistoryFromJson(const Json& json);
void WriteJson(const RunFacts& run, JsonWriter& out);
RunFacts RunFactsFromJson(const Json& json);
void WriteJson(const JobFacts& job, JsonWriter& out);
JobFacts JobFactsFromJson(const Json& json);
void WriteJson(const Incident& incident, JsonWriter& out);
Incident IncidentFromJson(const Json& json);

}  // namespace regreen
