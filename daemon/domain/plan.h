// A plan is a template made definite for one incident: what is to be done, with every value
// resolved. It is kept with the task, so that a task ends under the policy that it was selected
// under.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/json.h"
#include "daemon/base/status.h"
#include "daemon/domain/limits.h"
#include "daemon/domain/value.h"

namespace regreen {

enum class Stage { kDraft, kShadow, kSuggest, kAuto, kRetired };
std::string_view ToString(Stage stage);
std::optional<Stage> ParseStage(std::string_view name);

// What a rung does: a shell command in a workspace; the CI's own run again; a coding agent in a
// workspace; a word to a person; the patch that a person left. The last stands in no template.
enum class StepKind { kRun, kRerun, kAgent, kReport, kGiven };
std::string_view ToString(StepKind kind);
std::optional<StepKind> ParseStepKind(std::string_view name);

// What became of a rung.
enum class StepOutcome {
  kNone,            // it is the first
  kSkipped,         // its `when` did not hold
  kNoChange,        // it changed nothing
  kGaveUp,          // an agent said that it cannot be done
  kRefused,         // the guard refused its patch
  kStillRed,        // its patch did not make the command pass, or the re-run failed again
  kTimedOut,        // it was ended
  kOverBudget,      // an agent spent what it may
  kFailed,          // it could not be tried: its setup failed, or a program was missing
  kUnreproducible,  // the failing command did not fail in the workspace
  kRecovered,       // the re-run was green
  kProven,
};
std::string_view ToString(StepOutcome outcome);  // "still-red"
std::optional<StepOutcome> ParseStepOutcome(std::string_view name);
const std::vector<std::string>& StepOutcomeNames();

// When a rung is climbed; all must hold.
struct StepWhen {
  std::vector<std::string> classes;  // of the failure; empty: any
  int max_run_attempt = 0;           // the CI run's attempt is at most this; 0: any
  // What became of the last rung that was tried. Empty: anything but recovered, unreproducible.
  std::vector<StepOutcome> after;
};

enum class ReportKind { kComment, kIssue };

// Given to commands as environment REGREEN_INPUT_<NAME>. A command gets the plan's, then its chain
// link's, then its step's; of two with one name it gets the later.
struct PlanInput {
  std::string name;  // A-Z, 0-9 and '_'
  std::string value;
  bool trusted = false;  // false: a stranger may have written the value
  std::string origin;    // "default", "log.cause", "use by npm-drift", "by hand", "failure"
};

// Inputs whose value a step before writes: input name ← output name. When it wrote one, that takes
// the place of the definite input of the name, if there is any; it is never trusted.
using FromOutputs = std::vector<std::pair<std::string, std::string>>;

// A rung of the ladder.
struct Step {
  std::string name;
  std::string run;  // kRun: a shell command
  absl::Duration timeout = absl::Minutes(10);
  StepKind kind = StepKind::kRun;
  StepWhen when;
  std::string agent;     // kAgent: its name in the config
  std::string text;      // kAgent: the rendered prompt; kReport: the rendered text, Markdown
  int rounds = 1;        // kAgent: with what the verification said, from 1
  double max_usd = 0;    // kAgent: for the step; 0: the agent's own cap
  int times = 1;         // kRerun: runs again at most
  absl::Duration delay;  // kRerun: waited before each, doubled each time
  ReportKind report = ReportKind::kComment;
  std::string source;             // the template that it came from by `use`; "" for the plan's own
  std::vector<PlanInput> inputs;  // of the template in `source`
  FromOutputs from_outputs;
};

// A template that goes on where the ladder succeeded: its steps work on the proven patch, and what
// comes out is guarded and verified as a whole.
struct ChainLink {
  std::string template_name;
  std::vector<std::string> setup;
  std::vector<Step> steps;        // kRun and kAgent; the first that verifies wins
  std::vector<PlanInput> inputs;  // definite ones
  FromOutputs from_outputs;
};

// What the template asks of a workspace; which kind serves it is configuration.
struct Needs {
  std::vector<std::string> tools;    // programs that must be in PATH inside
  int cpu = 0;                       // processors; 0: does not matter
  std::int64_t memory_bytes = 0;     // 0: does not matter
  std::vector<std::string> network;  // names of egress sets
};

struct Plan {
  std::string template_name;
  std::string title;          // of the template, for people
  std::string policy_digest;  // of the policy set it was selected under
  Stage stage = Stage::kSuggest;

  std::string workspace;  // kind by config name; empty: the default
  Needs needs;
  std::vector<std::string> setup;
  absl::Duration setup_timeout = absl::Minutes(10);
  std::vector<Step> steps;
  std::vector<ChainLink> then;

  std::string verify_command;    // resolved: never "auto"; empty: only re-runs and reports
  std::string verify_directory;  // below the tree, "" for its root
  int verify_runs = 1;
  absl::Duration verify_timeout = absl::Minutes(10);

  std::vector<std::string> guard_paths;  // globs; empty: any path not protected
  int guard_max_files = 20;
  int guard_max_lines = 1000;
  std::vector<std::string> guard_allow;  // names of guard rules that do not hold for it
  std::int64_t patch_max_bytes = 0;      // of [outputs] patch; 0: no cap of its own

  std::string change_title, change_body;  // body: an addition by the template, may be empty
  std::vector<std::string> change_labels;
  std::string change_target;  // branch; empty: the run's
  bool auto_merge = false;    // only where the stage is auto

  bool hold = false;    // waits for a person's approval before anything is done
  bool review = false;  // waits for a person's approval of the proven patch

  std::vector<PlanInput> inputs;
  std::vector<ValueSpec> outputs;  // that steps may write; all are untrusted
  Limits limits;
};

// Whether any rung changes files, so that a failing command must be known.
bool NeedsWorkspace(const Plan& plan);
// Whether its task may come to open a change.
bool MayOpenChange(const Plan& plan);

void WriteJson(const Plan& plan, JsonWriter& out);
StatusOr<Plan> PlanFromJson(const Json& json);

}  // namespace regreen
