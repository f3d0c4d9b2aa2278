// What changes files in a workspace by judgement: a coding agent, or a program that stands for one.
// What it says of itself proves nothing: the captured difference and its verification do.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/brief.h"
#include "daemon/ports/workspace.h"

namespace regreen {

struct AgentReport {
  enum class Claim {
    kFinished,  // it changed what it wanted to
    kGaveUp,    // it says that it cannot be done
    kTimedOut,  // it was ended
    kFailed,    // it could not work: its program is missing or crashed, its model is away
  };
  Claim claim = Claim::kFailed;
  std::string words;  // its own, or ours about it: a clause; untrusted
  double usd = 0;     // what it cost, also when it failed
};

// What the operator declared for all of its runs.
struct AgentLimits {
  absl::Duration timeout = absl::Minutes(30);  // a round
  double max_usd = 0;                          // a rung; 0: no cap
};

// Any thread.
class Agent {
 public:
  virtual ~Agent() = default;
  virtual AgentLimits limits() const = 0;
  // Takes what it prints as it works; called on the calling thread.
  using Printed = std::function<void(std::string_view)>;
  // One round. What goes wrong with the agent is a report; an error is the workspace's own
  // (retryable), or Cancelled when `stop` asks.
  virtual StatusOr<AgentReport> Repair(Workspace& workspace, const Brief& brief,
                                       const Printed& printed, std::stop_token stop) = 0;
};

// By their names in the config.
using Agents = std::map<std::string, std::unique_ptr<Agent>, std::less<>>;

}  // namespace regreen
