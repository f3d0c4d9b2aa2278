// Tasks under limits, and words for what becomes of them.
#pragma once

#include <string>

#include "tests/contract/store_contract.h"

namespace regreen {

class LimitContract : public StoreContract {
 protected:
  struct Made {
    std::string repo = "acme/shop";
    std::string name = "t";
    std::string fingerprint = {};
    Stage stage = Stage::kSuggest;
  };
  std::string MakeUnder(const Limits& limits, const Made& made) {
    Plan plan = MakePlan(made.name);
    plan.limits = limits;
    plan.stage = made.stage;
    Incident incident = MakeIncident("1", made.repo);
    incident.evidence.fingerprint = made.fingerprint;
    const auto id = store_->CreateTask(incident, plan, false, "by hand");
    EXPECT_TRUE(id.ok()) << Message(id.status());
    return id.value_or("");
  }
  std::string MakeUnder(const Limits& limits) { return MakeUnder(limits, Made()); }

  void Commit(const TaskLease& lease, const TaskUpdate& update) {
    const Status status = store_->Commit(lease, update);
    EXPECT_TRUE(status.ok()) << Message(status);
  }
  // Claims the task that is due and takes it to its end.
  std::string RunTo(TaskState end, Spend spent = {}) {
    const TaskLease queued = ClaimTask();
    const bool at_once = IsAllowed(TaskState::kQueued, Mover::kWorker, end);
    if (!at_once) Commit(queued, {.to = TaskState::kRepairing});
    Commit(at_once ? queued : ClaimTask(), {.to = end, .spent = spent});
    return queued.task.id;
  }
  std::int64_t HeldBackBy(const std::string& limit) {
    const auto counts = store_->Count();
    EXPECT_TRUE(counts.ok()) << Message(counts.status());
    if (!counts.ok()) return -1;
    const auto found = counts->held_back.find(limit);
    return found == counts->held_back.end() ? 0 : found->second;
  }
};

}  // namespace regreen
