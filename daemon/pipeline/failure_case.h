// A failure as a person describes it in a few lines, to ask what the policies make of it: an
// operator at the terminal, a case of policies/tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/toml.h"
#include "daemon/domain/incident.h"
#include "daemon/triage/triage.h"

namespace regreen {

struct FailureCase {
  std::string ci = "github";  // also the provider whose log format it is
  std::string repo = "acme/widget", branch = "main";
  std::string base_branch;  // "": the branch
  std::string event = "push", workflow = "CI", job = "build", step, author;
  std::string command;  // "": the one that the log shows
  std::string directory;
  std::string commit = std::string(40, '1');
  bool fork = false;
  int pull_request = 0;  // 0: none
  std::vector<std::string> labels, changed_paths;
  int run_attempt = 1;
  bool flaky = false;
  int seen = 0;  // before, an hour apart, the last an hour ago
  absl::Time at = absl::FromUnixSeconds(1'767'607'200);  // Monday 2026-01-05T10:00:00Z
};

// Every key is optional; the caller calls Finish().
FailureCase ReadFailureCase(TomlTable& table);
// TOML, or one JSON object of the same keys. All mistakes are noted.
FailureCase ParseFailureCase(std::string_view text, const std::string& file, Problems& problems);

// What collecting such a run would have made of its log.
Incident IncidentOf(const FailureCase& failure, std::string_view log, const Triage& triage);

}  // namespace regreen
