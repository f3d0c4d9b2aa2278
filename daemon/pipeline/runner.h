// One step of a task's life: what its state asks for, done, as the update that its store is to
// write.
#pragma once

#include <memory>
#include <stop_token>

#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/publish.h"
#include "daemon/pipeline/repair.h"

namespace regreen {

struct RunnerDependencies {
  const Adapters* adapters = nullptr;
  Mirror* mirror = nullptr;
  Publisher* publisher = nullptr;
  WorkspaceFactory* workspaces = nullptr;
  Records* records = nullptr;
  const LivePolicies* policies = nullptr;  // for the guard: the newest, whatever the plan is of
  std::string author_name, author_email;
  absl::Duration watch_every = absl::Minutes(2);
  const Agents* agents = nullptr;           // may be null: there are none
  const KnownSecrets* secrets = nullptr;    // for the guard; may be null: none are known
  std::map<std::string, ForkPolicy> forks;  // by the forge's name; others: ignored
  absl::Duration keep;         // of the workspace of a task that failed, for a person; zero: none
  Rebaser* rebaser = nullptr;  // may be null: an open change stays on the base that it was made on
};

// Dependencies outlive it. Any thread.
class TaskRunner {
 public:
  explicit TaskRunner(RunnerDependencies dependencies) : deps_(std::move(dependencies)) {}
  // Never moves anything itself. Errors: Cancelled when `stop` asks; others go through AfterError.
  StatusOr<TaskUpdate> Run(const Task& task, RepairLog& log, std::stop_token stop) const;

 private:
  StatusOr<TaskUpdate> RunRepair(Forge& forge, const Task& task, RepairLog& log,
                                 std::stop_token stop) const;
  StatusOr<TaskUpdate> RunRerun(Forge& forge, const Task& task, RepairLog& log,
                                std::stop_token stop) const;
  // Climbs from `task.ladder` on.
  StatusOr<TaskUpdate> Climb(Forge& forge, const Task& task, EarlierRungs earlier, RepairLog& log,
                             std::stop_token stop) const;
  StatusOr<EarlierRungs> ReadEarlier(const Task& task) const;
  StatusOr<Patch> ReadGiven(const Task& task) const;
  BaseFile FileOfBase(Forge& forge, const Task& task, std::stop_token stop) const;
  StatusOr<std::vector<std::string>> ReadMerged(const Task& task) const;
  StatusOr<Proof> ReadProof(const Task& task) const;
  // By the guard that is in force now.
  Verdict JudgeNow(const Task& task, const Proof& proof) const;
  StatusOr<TaskUpdate> RunWatch(Forge& forge, const Task& task, RepairLog& log,
                                std::stop_token stop) const;
  // The task on the commit that its change was brought to, if it was.
  StatusOr<Task> OnItsBase(const Task& task) const;
  // With what its change's own red checks showed, for those who try again.
  StatusOr<Task> WithOwnChecks(Task task) const;
  // A climb that ended without a new patch leaves no open change behind that nobody looks at.
  StatusOr<TaskUpdate> EndOfRound(Forge& forge, const Task& task, TaskUpdate update, RepairLog& log,
                                  std::stop_token stop) const;
  // Whether its pull request still stands as it was, "" when it does.
  StatusOr<std::string> WhyForkDropped(Forge& forge, const Task& task, std::stop_token stop) const;
  // A fork's: it is told.
  StatusOr<TaskUpdate> RunTellRepair(Forge& forge, const Task& task, const Proof& proof,
                                     RepairLog& log, std::stop_token stop) const;
  StatusOr<TaskUpdate> RunPublish(Forge& forge, const Task& task, RepairLog& log,
                                  std::stop_token stop) const;

  RunnerDependencies deps_;
};

// What becomes of a task whose step failed: another attempt of its state after a backoff, or failed
// when the error is permanent or the attempts are spent. `jitter` in [0, 1).
TaskUpdate AfterError(const Task& task, const Status& error, double jitter);

}  // namespace regreen
