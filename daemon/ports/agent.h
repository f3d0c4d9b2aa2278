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
#include "daemon/domain/agent_event.h"
#include "daemon/domain/brief.h"
#include "daemon/ports/workspace.h"

namespace regreen {

struct AgentReport {
  using Claim = AgentClaim;
  Claim claim = Claim::kFailed;
  std::string words;  // its own, or ours about it: a clause; untrusted
  double usd = 0;     // what it cost, also when it failed
  ModelUsage usage;   // of its model, as far as it is known
};

// What the operator declared for all of its runs.
struct AgentLimits {
  absl::Duration timeout = absl::Minutes(30);  // a round
  double max_usd = 0;                          // a rung; 0: no cap
  std::int64_t max_tokens = 0;                 // a round; 0: no cap
};

// Any thread.
class Agent {
 public:
  virtual ~Agent() = default;
  virtual AgentLimits limits() const = 0;
  virtual std::string kind() const = 0;  // "claude"
  // The egress set by which it calls its model, so that its workspaces are opened with it; "" when
  // it needs none of ours.
  virtual std::string network() const { return ""; }
  // Takes what it does as it does it; called on the calling thread.
  using EventSink = std::function<void(const AgentEvent&)>;
  // One round. What goes wrong with the agent is a report; an error is the workspace's own
  // (retryable), or Cancelled when `stop` asks: then the agent was interrupted first.
  virtual StatusOr<AgentReport> Repair(Workspace& workspace, const Brief& brief,
                                       const EventSink& events, std::stop_token stop) = 0;
};

// By their names in the config.
using Agents = std::map<std::string, std::unique_ptr<Agent>, std::less<>>;

}  // namespace regreen
