#include "daemon/domain/plan.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace regreen {
namespace {

constexpr std::string_view kStages[] = {"draft", "shadow", "suggest", "auto", "retired"};
constexpr std::string_view kKinds[] = {"run", "rerun", "agent", "report", "given"};
const std::vector<std::string> kOutcomes = {"none",    "skipped",        "no-change", "gave-up",
                                            "refused", "still-red",      "timed-out", "over-budget",
                                            "failed",  "unreproducible", "recovered", "proven"};

// The enumerator whose name it is; the names stand in the order of the enumerators.
template <class Enum, class Names>
std::optional<Enum> ByName(const Names& names, std::string_view name) {
  const auto found = std::find(std::begin(names), std::end(names), name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Enum>(found - std::begin(names));
}

}  // namespace

std::string_view ToString(Stage stage) {
  return kStages[static_cast<std::size_t>(stage)];
}
std::optional<Stage> ParseStage(std::string_view name) {
  return ByName<Stage>(kStages, name);
}

std::string_view ToString(StepKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}
std::optional<StepKind> ParseStepKind(std::string_view name) {
  return ByName<StepKind>(kKinds, name);
}

std::string_view ToString(StepOutcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}
std::optional<StepOutcome> ParseStepOutcome(std::string_view name) {
  return ByName<StepOutcome>(kOutcomes, name);
}
const std::vector<std::string>& StepOutcomeNames() {
  return kOutcomes;
}

bool NeedsWorkspace(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    return step.kind == StepKind::kRun || step.kind == StepKind::kAgent ||
           step.kind == StepKind::kGiven;
  });
}

bool MayOpenChange(const Plan& plan) {
  return (plan.stage == Stage::kSuggest || plan.stage == Stage::kAuto) && NeedsWorkspace(plan);
}

}  // namespace regreen
