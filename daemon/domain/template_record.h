// What a template has done so far, and what that allows: its promotion by the gate that it names,
// its demotion in effect when its acceptance falls under that gate. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/domain/plan.h"
#include "daemon/domain/task.h"

namespace regreen {

// Counts of one template's tasks, of those that began.
struct TemplateRecord {
  std::string name;
  std::int64_t tasks = 0;  // begun
  std::int64_t reproduced = 0, unreproducible = 0;
  std::int64_t verified = 0;              // a patch was proven
  std::int64_t merged = 0, declined = 0;  // what people said of it
  std::int64_t recovered = 0, failed = 0, shadowed = 0;
  double usd = 0;
  absl::Duration time;  // of workspaces

  // Of the changes that people decided on, the share that was merged; 1 when there is none.
  double acceptance() const;
};

// What the end of a task says to the circuit of its template: failures in a row open it
// (Limits::break_after), a success ends the row. What ended for other reasons says nothing.
enum class CircuitEffect { kNone, kSuccess, kFailure };
CircuitEffect CircuitOf(TaskState end);

// [promote] of a template. Zero asks nothing.
struct PromoteGate {
  int min_tasks = 0;      // begun
  double verified = 0;    // share of the reproduced ones, 0 to 1
  int min_merged = 0;     // asked for "auto" only
  double acceptance = 0;  // 0 to 1; also the line under which it is demoted in effect
  double max_usd = 0;     // a task, on average
};

// The stage after this one on the way to auto; the stage itself for auto and retired.
Stage NextStage(Stage stage);

// What the gate asks and the record does not show, a sentence each; empty when it holds. Draft to
// shadow asks nothing: nothing is measured before.
std::vector<std::string> GateObjections(Stage to, const PromoteGate& gate,
                                        const TemplateRecord& record);

struct EffectiveStage {
  Stage stage;
  std::string why;  // "" unless demoted
};
// auto counts as suggest, and suggest as shadow, while the acceptance of at least
// kDecidedBeforeDemotion decided changes is under the gate's.
inline constexpr int kDecidedBeforeDemotion = 3;
EffectiveStage StageInEffect(Stage stage, const PromoteGate& gate, const TemplateRecord& record);

}  // namespace regreen
