#include "daemon/pipeline/ladder.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kLongestDelay = absl::Hours(24);

bool Holds(const std::vector<StepOutcome>& after, StepOutcome last) {
  if (after.empty()) return last != StepOutcome::kRecovered && last != StepOutcome::kUnreproducible;
  return std::find(after.begin(), after.end(), last) != after.end();
}

}  // namespace

std::string TriedToJson(const std::vector<Tried>& tried) {
  JsonWriter out;
  out.BeginArray();
  for (const Tried& one : tried) {
    out.BeginObject().Field("step", one.step).Field("outcome", ToString(one.outcome));
    out.Field("sentence", one.sentence).EndObject();
  }
  out.EndArray();
  return out.Take();
}

StatusOr<std::vector<Tried>> TriedFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  std::vector<Tried> tried;
  for (const Json& one : json.Elements()) {
    const auto outcome = ParseStepOutcome(one["outcome"].StringOr(""));
    tried.push_back({one["step"].StringOr(""), outcome.value_or(StepOutcome::kFailed),
                     one["sentence"].StringOr("")});
  }
  return tried;
}

int PresentAttempt(const Task& task) {
  return task.ladder.run_attempt > 0 ? task.ladder.run_attempt : task.incident.run.key.attempt;
}

std::string WhySkipped(const Step& step, FailureClass failure_class, int run_attempt,
                       StepOutcome last) {
  const std::string name(ToString(failure_class));
  const std::vector<std::string>& classes = step.when.classes;
  if (!classes.empty() && std::find(classes.begin(), classes.end(), name) == classes.end())
    return Cat("it is for failures of class ", Join(classes, ", "), ", and this one is ", name);
  if (step.when.max_run_attempt > 0 && run_attempt > step.when.max_run_attempt) {
    return Cat("it is for the first ", step.when.max_run_attempt,
               " attempts of a run, and this one is at attempt ", run_attempt);
  }
  if (last == StepOutcome::kRecovered && step.kind != StepKind::kReport)
    return "the run is green again";
  if (Holds(step.when.after, last)) return "";
  if (step.when.after.empty()) return Cat("the outcome before it is ", ToString(last));
  std::vector<std::string> after;
  for (const StepOutcome outcome : step.when.after) after.emplace_back(ToString(outcome));
  return Cat("it comes after ", Join(after, ", "), ", and the outcome before it is ",
             ToString(last));
}

absl::Duration RerunDelay(const Step& step, int n) {
  absl::Duration delay = step.delay;
  for (int i = 1; i < n && delay < kLongestDelay; ++i) delay *= 2;
  return std::min(delay, kLongestDelay);
}

}  // namespace regreen
