// Where rungs work: workspaces at the task's commit, what is taken out of them, and its proof.
// Everything untrusted happens in here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/guard/known_secrets.h"
#include "daemon/guard/rules.h"
#include "daemon/pipeline/outputs.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// A file of the trusted base branch, capped; nullopt when it has none of that name, or no such
// regular file.
using BaseFile = std::function<StatusOr<std::optional<std::string>>(const std::string& path,
                                                                    std::size_t max_bytes)>;

// What commands find, besides the tree. Of two inputs with one name the later counts.
struct Room {
  std::vector<std::string> setup;
  std::vector<PlanInput> inputs;
  // Of an agent: the egress set of its model besides the plan's, and what may be spent by it.
  std::string model_network;
  double max_usd = 0;
  std::int64_t max_tokens = 0;
};

// What came of a rung, or of one round of an agent.
struct RungResult {
  StepOutcome outcome = StepOutcome::kFailed;
  std::string sentence;  // what happened, as a clause: "changed nothing"; untrusted
  Patch patch;           // what was captured; of kProven the whole, from the task's commit on
  std::string output;    // why a patch is no repair: what the check printed, the guard's reasons
  std::string agent;     // of kProven: which made the patch; "" for none
  int rounds = 0;        // in how many
};

// Why no workspace can be worked in for this task.
struct Blocked {
  StepOutcome outcome = StepOutcome::kUnreproducible;
  std::string sentence;
};

// Of one climb; one thread.
class Bench {
 public:
  struct Parts {
    WorkspaceFactory* workspaces = nullptr;
    const GuardRules* guard = nullptr;
    const KnownSecrets* secrets = nullptr;  // may be null: none are known
    const Task* task = nullptr;
    std::string mirror_folder;  // holds the commit
    // Null when the commit is the base branch's own, or the user's: then all of it is trusted.
    BaseFile base_file;
    std::vector<std::string> merged;  // patches that were merged for this failure, newest first
    RepairLog* log = nullptr;
    std::stop_token stop;
    absl::Duration keep;  // of a workspace for a person; zero: none
  };
  // All parts outlive it.
  Bench(Parts parts, Outputs outputs) : parts_(std::move(parts)), outputs_(std::move(outputs)) {}

  // Whether the programs are there that the plan needs, and whether the failing command fails here.
  StatusOr<std::optional<Blocked>> Reproduce();

  // A fresh workspace of the commit, and of `on` when it is not null, after its setup commands.
  // Null when one of those failed: `why` says which.
  StatusOr<std::unique_ptr<Workspace>> Open(const Room& room, const Patch* on, std::string& why);
  // A command of a rung with its inputs.
  ExecSpec Command(const Room& room, const std::string& command, absl::Duration timeout) const;
  // Counts what was spent.
  void Charge(const Spend& spend);
  // Money, by the task so far.
  double spent_usd() const { return task().spent.usd + spent_usd_; }
  // Runs a command and counts its time.
  StatusOr<ExecResult> Run(Workspace& workspace, const ExecSpec& spec);
  // Takes the outputs that were written and what was changed; has it judged, and verified in a
  // fresh workspace. `label` names the rung. `on` is the patch that the workspace was opened with.
  StatusOr<RungResult> Prove(Workspace& workspace, const std::string& label, const Patch* on);

  // A workspace in which a rung did not succeed. The last one is what a person may look at.
  void Retire(std::unique_ptr<Workspace> workspace);
  // Leaves the last retired one for a person, when they are kept at all; says so when `tell`.
  Status KeepLast(bool tell);

  // The plan's own, for its setup and its check.
  Room PlanRoom() const;
  // Of a step of the plan, or of a link when it is not null.
  Room RoomOf(const Step& step, const ChainLink* link) const;

  const Task& task() const { return *parts_.task; }
  const GuardRules& guard() const { return *parts_.guard; }
  RepairLog& log() { return *parts_.log; }
  const BaseFile& base_file() const { return parts_.base_file; }
  const std::vector<std::string>& merged() const { return parts_.merged; }
  std::stop_token stop() const { return parts_.stop; }
  int red_exit_code() const { return red_exit_code_; }

 private:
  void Overlay(const std::vector<PlanInput>& inputs, const FromOutputs& from_outputs,
               Room& room) const;
  StatusOr<std::unique_ptr<Workspace>> OpenBare(const Room& room, const Patch* on);
  void KeepReached(const std::string& lines);
  StatusOr<bool> SetUp(Workspace& workspace, const Room& room, std::string& why);
  StatusOr<std::string> MissingTools(Workspace& workspace);
  StatusOr<std::optional<Blocked>> ReadRed(const ExecResult& result);
  Status TakeOutputs(Workspace& workspace, const std::string& label);
  StatusOr<bool> Allows(const Patch& patch, const std::string& label, RungResult& result);
  StatusOr<bool> Verify(const Patch& patch, const std::string& label, RungResult& result);
  ExecSpec Check() const;

  const Parts parts_;
  Outputs outputs_;
  int red_exit_code_ = 0;
  double spent_usd_ = 0;             // since the climb began
  std::unique_ptr<Workspace> last_;  // retired; null: none, or nobody looks at it
  std::string reached_;              // what all workspaces tell of their network
};

// "ended with exit code 2 after 1.2s"
std::string DescribeEnd(const ExecResult& result, absl::Duration timeout);

}  // namespace regreen
