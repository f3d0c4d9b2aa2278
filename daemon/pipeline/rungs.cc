#include "daemon/pipeline/rungs.h"

#include "daemon/base/text.h"
#include "daemon/pipeline/ladder.h"

namespace regreen {
namespace {

StatusOr<RungResult> ClimbOne(Bench& bench, const Agents* agents, const Step& step,
                              const RungPlace& place) {
  return step.kind == StepKind::kAgent ? ClimbAgent(bench, agents, step, place)
                                       : ClimbRun(bench, step, place);
}

// The first of its steps that proves something wins; when all that were tried changed nothing, that
// is the result.
StatusOr<RungResult> ClimbLink(Bench& bench, const Agents* agents, const ChainLink& link,
                               const Patch& on) {
  RungResult worst{StepOutcome::kNoChange, "changed nothing", {}, {}};
  StepOutcome last = StepOutcome::kNone;
  const Task& task = bench.task();
  for (const Step& step : link.steps) {
    const std::string label = Cat(link.template_name, ".", step.name);
    if (const std::string why =
            WhySkipped(step, task.incident.evidence.failure_class, PresentAttempt(task), last);
        !why.empty()) {
      RETURN_IF_ERROR(bench.log().Note("note", Cat("step ", label, " is passed over: ", why)));
      continue;
    }
    ASSIGN_OR_RETURN(RungResult result,
                     ClimbOne(bench, agents, step, {label, bench.RoomOf(step, &link), &on}));
    RETURN_IF_ERROR(bench.log().Note(
        "step", Cat("step ", label, ": ", ToString(result.outcome), ": ", result.sentence)));
    if (result.outcome == StepOutcome::kProven) return result;
    last = result.outcome;
    if (result.outcome != StepOutcome::kNoChange) worst = std::move(result);
  }
  return worst;
}

}  // namespace

std::string StepLogName(const std::string& label, int round) {
  return round == 1 ? Cat("step-", label, ".log") : Cat("step-", label, "-", round, ".log");
}

StatusOr<RungResult> ClimbRun(Bench& bench, const Step& step, const RungPlace& place) {
  RungResult result;
  std::string why;
  ASSIGN_OR_RETURN(auto workspace, bench.Open(place.room, place.on, why));
  if (workspace == nullptr) {
    result.sentence = Cat("was not tried: ", why);
    return result;
  }
  const ExecSpec command = bench.Command(place.room, step.run, step.timeout);
  const auto ran_or = bench.Run(*workspace, command);
  if (!ran_or.ok()) {
    bench.Retire(std::move(workspace));
    return ran_or.status();
  }
  const ExecResult& ran = *ran_or;
  RETURN_IF_ERROR(bench.log().Keep(StepLogName(place.label, 1), ran.output));
  const std::string end = DescribeEnd(ran, step.timeout);
  RETURN_IF_ERROR(bench.log().Note("step", Cat("step ", place.label, " ", end)));
  // A fixer's exit code says little (formatters answer 1 when they changed something): the captured
  // difference and its verification decide. One that was ended left its work half done.
  if (ran.timed_out || !ran.ended_by.empty()) {
    result.outcome = StepOutcome::kTimedOut;
    result.sentence = end;
    bench.Retire(std::move(workspace));
    return result;
  }
  ASSIGN_OR_RETURN(result, bench.Prove(*workspace, place.label, place.on));
  if (result.outcome != StepOutcome::kProven) bench.Retire(std::move(workspace));
  return result;
}

StatusOr<RungResult> ClimbGiven(Bench& bench, const Patch& given, const RungPlace& place) {
  RungResult result;
  std::string why;
  ASSIGN_OR_RETURN(auto workspace, bench.Open(place.room, &given, why));
  if (workspace == nullptr) {
    result.sentence = Cat("was not tried: ", why);
    return result;
  }
  ASSIGN_OR_RETURN(result, bench.Prove(*workspace, place.label, nullptr));
  if (result.outcome != StepOutcome::kProven) bench.Retire(std::move(workspace));
  return result;
}

StatusOr<RungResult> ClimbAndGoOn(Bench& bench, const Agents* agents, const Step& step,
                                  const Patch& given) {
  const RungPlace place{step.name, bench.RoomOf(step, nullptr), nullptr};
  ASSIGN_OR_RETURN(RungResult proven, step.kind == StepKind::kGiven
                                          ? ClimbGiven(bench, given, place)
                                          : ClimbOne(bench, agents, step, place));
  // A given patch holds already what went on from it.
  if (proven.outcome != StepOutcome::kProven || step.kind == StepKind::kGiven) return proven;
  for (const ChainLink& link : bench.task().plan.then) {
    ASSIGN_OR_RETURN(RungResult result, ClimbLink(bench, agents, link, proven.patch));
    if (result.outcome == StepOutcome::kNoChange) {
      RETURN_IF_ERROR(bench.log().Note(
          "note", Cat("template ", link.template_name, ", which goes on from step ", step.name,
                      ", changed nothing")));
      continue;
    }
    if (result.outcome != StepOutcome::kProven) {
      result.sentence =
          Cat("was a repair, but template ", link.template_name, " after it ", result.sentence);
      return result;
    }
    if (result.agent.empty()) {
      result.agent = std::move(proven.agent);
      result.rounds = proven.rounds;
    }
    proven = std::move(result);
  }
  return proven;
}

}  // namespace regreen
