// What a step of a task tells of itself while it works.
#pragma once

#include <string>

#include "daemon/base/status.h"
#include "daemon/domain/agent_event.h"
#include "daemon/domain/task.h"

namespace regreen {

// A round of an agent, for those who count.
struct AgentRun {
  std::string agent, kind;  // its name in the config
  AgentClaim claim = AgentClaim::kFailed;
  ModelUsage usage;
  double usd = 0;
};

// Takes what is worth keeping as it happens. Called on the working thread. An error ends the step:
// FailedPrecondition when another worker has the task now.
class RepairLog {
 public:
  virtual ~RepairLog() = default;
  virtual Status Note(std::string kind, std::string message) = 0;
  virtual Status Keep(std::string name, std::string bytes) = 0;
  // What was just spent; counted however the step ends.
  virtual void Charge(const Spend& spend) = 0;
  // Whether a person, or another worker, took the task away.
  virtual bool Taken() { return false; }
  virtual void CountAgent(const AgentRun&) {}
};

}  // namespace regreen
