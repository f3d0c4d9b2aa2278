// Climbs a task's ladder: from its present rung to a proof, to a re-run that has to be waited for,
// or to the end.
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
#include "daemon/pipeline/bench.h"
#include "daemon/pipeline/ladder.h"
#include "daemon/pipeline/outputs.h"
#include "daemon/pipeline/proof.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/agent.h"
#include "daemon/ports/forge_actions.h"
#include "daemon/ports/workspace.h"

namespace regreen {

struct RepairOutcome {
  enum class Kind {
    kProven,
    kUnreproducible,
    kFailed,
    kPaused,     // something was done that must not be done again: commit, then climb on
    kRerunning,  // the run is to be asked for again, after `delay`
    kReported,   // a person was told, and nothing is left to be done
    kShadowed,   // what is left would write, and the stage does not allow it
    kRecovered,  // the run is green again
  };
  Kind kind = Kind::kFailed;
  std::string reason;  // a sentence
  Proof proof;         // of kProven
  LadderPosition ladder;
  absl::Duration delay;
  bool reproduced = false;
  std::vector<Tried> tried;  // on all of the ladder so far
};

struct RepairDependencies {
  WorkspaceFactory* workspaces = nullptr;
  std::shared_ptr<const GuardRules> guard;
  const Agents* agents = nullptr;         // may be null: there are none
  ForgeActions* actions = nullptr;        // may be null: the forge can do no more than git
  const KnownSecrets* secrets = nullptr;  // may be null: none are known
  BaseFile base_file;                     // null: the commit is trusted as it is
  absl::Duration keep;                    // of the workspace of a task that failed; zero: none
};

// What the rungs before the present one left.
inline constexpr std::string_view kGivenArtifact = "given";  // the bytes of that patch
struct EarlierRungs {
  std::vector<Tried> tried;
  Outputs outputs;
  Patch given;                      // that a person left, for a step of that kind
  std::vector<std::string> merged;  // patches that were merged for this failure, newest first
};

// Where the mirror of the repository is, with the commit in it. Asked for when a workspace is
// needed.
using MirrorFolder = std::function<StatusOr<std::string>()>;

// Dependencies outlive it. One call a thread.
class Repairer {
 public:
  explicit Repairer(RepairDependencies dependencies) : deps_(std::move(dependencies)) {}

  // From `task.ladder` on. A retryable error (a full disk, no sandbox for now) leaves the task as
  // it was; Cancelled when `stop` asks.
  StatusOr<RepairOutcome> Repair(const Task& task, const MirrorFolder& mirror_folder,
                                 EarlierRungs earlier, RepairLog& log, std::stop_token stop) const;

 private:
  RepairDependencies deps_;
};

}  // namespace regreen
