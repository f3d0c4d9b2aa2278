#include "daemon/domain/template_record.h"

#include "absl/strings/str_format.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string Percent(double share) {
  return absl::StrFormat("%.0f%%", share * 100);
}

}  // namespace

double TemplateRecord::acceptance() const {
  const std::int64_t decided = merged + declined;
  return decided == 0 ? 1 : static_cast<double>(merged) / static_cast<double>(decided);
}

CircuitEffect CircuitOf(TaskState end) {
  switch (end) {
    case TaskState::kFailed:
    case TaskState::kDeclined:
      return CircuitEffect::kFailure;
    case TaskState::kMerged:
    case TaskState::kRecovered:
    case TaskState::kReported:
    case TaskState::kShadowed:
      return CircuitEffect::kSuccess;
    default:
      return CircuitEffect::kNone;
  }
}

Stage NextStage(Stage stage) {
  switch (stage) {
    case Stage::kDraft:
      return Stage::kShadow;
    case Stage::kShadow:
      return Stage::kSuggest;
    case Stage::kSuggest:
      return Stage::kAuto;
    case Stage::kAuto:
    case Stage::kRetired:
      break;
  }
  return stage;
}

std::vector<std::string> GateObjections(Stage to, const PromoteGate& gate,
                                        const TemplateRecord& record) {
  std::vector<std::string> objections;
  if (to == Stage::kDraft || to == Stage::kShadow || to == Stage::kRetired) return objections;
  if (record.tasks < gate.min_tasks) {
    objections.push_back(Cat("it did ", record.tasks, record.tasks == 1 ? " task" : " tasks",
                             ", and the gate asks for ", gate.min_tasks));
  }
  const double verified = record.reproduced == 0 ? 0
                                                 : static_cast<double>(record.verified) /
                                                       static_cast<double>(record.reproduced);
  if (verified < gate.verified) {
    objections.push_back(Cat("it verified ", record.verified, " of the ", record.reproduced,
                             " failures that it reproduced (", Percent(verified),
                             "), and the gate asks for ", Percent(gate.verified)));
  }
  if (to == Stage::kAuto && record.merged < gate.min_merged) {
    objections.push_back(
        Cat(record.merged, " of its changes were merged, and the gate asks for ", gate.min_merged));
  }
  if (to == Stage::kAuto && record.acceptance() < gate.acceptance) {
    objections.push_back(Cat("people accepted ", Percent(record.acceptance()),
                             " of its changes, and the gate asks for ", Percent(gate.acceptance)));
  }
  if (gate.max_usd > 0 && record.tasks > 0 &&
      record.usd / static_cast<double>(record.tasks) > gate.max_usd) {
    objections.push_back(absl::StrFormat("a task cost $%.2f on average, and the gate allows $%.2f",
                                         record.usd / static_cast<double>(record.tasks),
                                         gate.max_usd));
  }
  return objections;
}

EffectiveStage StageInEffect(Stage stage, const PromoteGate& gate, const TemplateRecord& record) {
  const bool published = stage == Stage::kAuto || stage == Stage::kSuggest;
  if (!published || gate.acceptance <= 0) return {stage, ""};
  if (record.merged + record.declined < kDecidedBeforeDemotion) return {stage, ""};
  if (record.acceptance() >= gate.acceptance) return {stage, ""};
  const Stage lower = stage == Stage::kAuto ? Stage::kSuggest : Stage::kShadow;
  return {lower, Cat("template \"", record.name, "\" counts as ", ToString(lower), " instead of ",
                     ToString(stage), ": people accepted ", Percent(record.acceptance()),
                     " of its changes, and its gate asks for ", Percent(gate.acceptance))};
}

}  // namespace regreen
