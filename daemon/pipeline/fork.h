// What is done about pull requests from forks, whose code is anyone's: told, or worked on behind a
// person's approval. Nothing of it is ever pushed by us; a repair is told as a patch.
#pragma once

#include <map>
#include <span>
#include <stop_token>
#include <string>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/guard/guard.h"
#include "daemon/pipeline/proof.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/forge_actions.h"
#include "daemon/ports/store.h"

namespace regreen {

ForkPolicy ForksAt(const std::map<std::string, ForkPolicy>& forks, const std::string& forge);

// One comment that says what failed, and nothing else. It runs no code.
Plan TellOfForkPlan();

// Why a plan may not work on a fork's code, a sentence, or "": it asks for an egress set that is
// not in `networks`.
std::string WhyNotForFork(const Plan& plan, std::span<const std::string> networks);
// As a fork's code is worked on, whatever its template says: a person approves before anything is
// done, and nothing merges.
void HoldForFork(Plan& plan);

// Why a task that is there may not go on by the policy that is in force now, or "".
std::string WhyForkStops(const Task& task, ForkPolicy forks);

// What is told of a proven patch. Pure.
Report RepairReport(const Task& task, const Proof& proof);
// What the guard says of it.
Verdict JudgeRepairReport(const Task& task, const Proof& proof, const GuardRules& rules,
                          const KnownSecrets* secrets);
// Tells it on the pull request, or keeps it with the task where the forge takes none. Safe to
// repeat. Answers the move to reported, or to failed when the forge refuses it for good.
StatusOr<TaskUpdate> TellRepair(ForgeActions* actions, const Task& task, const Proof& proof,
                                RepairLog& log, std::stop_token stop);

}  // namespace regreen
