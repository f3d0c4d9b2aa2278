// From a proven patch to an open change. No workspace: the trusted side alone.
#pragma once

#include <stop_token>
#include <string>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/guard/guard.h"
#include "daemon/pipeline/proof.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/forge.h"
#include "daemon/ports/repository.h"
#include "daemon/ports/store.h"

namespace regreen {

struct PublishDependencies {
  Mirror* mirror = nullptr;
  Publisher* publisher = nullptr;
  std::string author_name, author_email;
};

// What the guard says of everything that Publish would tell the world: the title and the body of
// the change, the commit's message, the branch's name.
Verdict JudgeRequest(const Task& task, const Proof& proof, const Verdict& verdict,
                     const GuardRules& rules, const KnownSecrets* secrets);

// A move that says why, and nothing else.
TaskUpdate MoveTo(TaskState state, std::string reason);

// Checks that the run is still as it was, pushes, finds or opens the change. Safe to repeat from
// any point: the same task gives the same commit, branch and change. Answers the move to watching,
// superseded or yielded. The change is a draft, and says why, when the `verdict` on the patch asks
// for a person.
StatusOr<TaskUpdate> Publish(const PublishDependencies& deps, Forge& forge, const Task& task,
                             const Proof& proof, const Verdict& verdict, RepairLog& log,
                             std::stop_token stop);

// The request text as Publish sends it; also kept for a task in shadow.
std::string RequestText(const Task& task, const Proof& proof);

}  // namespace regreen
