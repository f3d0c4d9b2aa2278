// A run is one attempt of a CI run at one commit; a job is a part of it with a log.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regreen {

struct RunKey {
  // Where a CI does not number its attempts in what it sends: the newest, which the forge tells.
  static constexpr int kNewest = std::numeric_limits<int>::max();

  std::string forge;   // the name in the config
  std::string repo;    // owner/name, at GitLab group/subgroup/name
  std::string run_id;  // the platform's, as text
  int attempt = 1;
  bool operator==(const RunKey&) const = default;
};
std::string ToString(const RunKey& key);  // forge/owner/name/run/attempt, or …/newest

struct JobKey {
  RunKey run;
  std::string job_id;
};

// What a webhook says of a run. Everything but the key may be empty or wrong.
struct RunHint {
  RunKey key;
  std::string ci;  // the name in the config
  std::string workflow, branch, commit, event;
  // A run that the forge knows nothing of (another CI's): all that can be known comes with the
  // delivery. The log is inline, or at a URL that the config allows (checked by the adapter).
  bool foreign = false;
  std::string job, step, command, inline_log, log_url, link;
};

struct JobFacts {
  std::string id, name;
  std::string conclusion;  // the platform's own word
  bool failed = false;
  std::string failed_step;     // the first step that failed, "" when not known
  int failed_step_number = 0;  // from 1, 0 when not known
  std::string link;            // for people
};

// A run as the forge told it just now.
struct RunFacts {
  RunKey key;
  std::string ci;
  std::string workflow;       // name
  std::string workflow_path;  // .github/workflows/x.yml, "" when not known
  std::string event;          // push, pull_request, …
  std::string branch;         // head branch; of a fork "owner:branch", which no branch is called
  std::string commit;         // head sha, 40 or 64 hex digits
  std::string base_branch;    // of the pull request, or = branch
  int pull_request = 0;       // 0: none
  std::string author;
  std::string link;
  std::string conclusion;  // the platform's own word
  bool completed = false, failed = false;
  bool passed = false;      // green; what was cancelled or skipped neither failed nor passed
  bool superseded = false;  // a newer attempt, or the branch has moved on
  std::string superseded_why;
  bool passed_later = false;  // superseded by an attempt that is green: one commit, two results
  bool from_fork = false;
  bool foreign = false;  // as RunHint::foreign
  bool pinned = false;   // a person named the commit: it is worked on wherever its branch is now
  std::vector<JobFacts> jobs;
};

// What is done about a run of a fork's code. Its author may be anyone.
enum class ForkPolicy {
  kIgnore,  // nothing, with a decision
  kReport,  // the failure is read and told; none of its code is run
  kRun,     // worked on behind a person's approval; what comes of it is told, and nothing is pushed
};
std::optional<ForkPolicy> ParseForkPolicy(std::string_view name);
const std::vector<std::string>& ForkPolicyNames();

// Whether the run is of its base branch itself: of no pull request into it, and of no fork.
bool IsOfBaseBranch(const RunFacts& run);

// The text of a job's log.
struct JobLog {
  std::string text;
  bool truncated = false;  // head and tail only
};

}  // namespace regreen
