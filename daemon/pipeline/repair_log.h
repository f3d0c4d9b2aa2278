// What a step of a task tells of itself while it works.
#pragma once

#include <string>
#include <string_view>

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

// Takes what is worth keeping as it happens. Called on the working thread, Extend also on another
// one of the step's own. An error ends the step: FailedPrecondition when another worker has the
// task now.
class RepairLog {
 public:
  virtual ~RepairLog() = default;
  virtual Status Note(std::string kind, std::string message) = 0;
  virtual Status Keep(std::string name, std::string bytes) = 0;
  // More of what is kept under a name while it grows: for those who watch, and for a daemon that
  // dies. Who shows nothing before it is whole may leave it out.
  virtual Status Extend(const std::string& /*name*/, std::string_view /*bytes*/) {
    return OkStatus();
  }
  // What was just spent; counted however the step ends, and whoever has the task then.
  virtual void Charge(const Spend& spend) = 0;
  // A word to it about work that was stopped; it is told however the step ends, too.
  virtual void NoteCharge(const std::string& /*message*/) {}
  // Whether a person, or another worker, took the task away.
  virtual bool Taken() { return false; }
  virtual void CountAgent(const AgentRun&) {}
};

}  // namespace regreen
