#include <algorithm>
#include <limits>

#include "daemon/base/text.h"
#include "daemon/pipeline/agent_brief.h"
#include "daemon/pipeline/agent_record.h"
#include "daemon/pipeline/instruction_files.h"
#include "daemon/pipeline/rungs.h"

namespace regreen {
namespace {

// The rounds of one agent rung.
class AgentRung {
 public:
  AgentRung(Bench& bench, Agent& agent, const Step& step, const RungPlace& place)
      : bench_(bench), agent_(agent), step_(step), place_(place), limits_(agent.limits()) {
    const Task& task = bench.task();
    brief_ = FirstBrief(task.plan, task.incident.evidence, bench.guard(), step);
    brief_.merged = bench.merged();
    brief_.env = bench.Command(place.room, "", step.timeout).env;
    brief_.timeout = std::min(step.timeout, limits_.timeout);
    // The smaller of two caps, of which zero is none.
    cap_ = std::numeric_limits<double>::infinity();
    for (const double cap : {step.max_usd, limits_.max_usd}) {
      if (cap > 0) cap_ = std::min(cap_, cap);
    }
    if (const double cap = task.plan.limits.usd_per_task; cap > 0)
      cap_ = std::min(cap_, std::max(0.0, cap - bench.spent_usd()));
  }

  StatusOr<RungResult> Climb() {
    RungResult last;
    for (int round = 1; round <= step_.rounds; ++round) {
      if (spent_ >= cap_ && round == 1) {
        last.outcome = StepOutcome::kOverBudget;
        last.sentence = "may spend nothing more: the task spent what it may";
        return last;
      }
      if (spent_ >= cap_) {
        last.sentence = Cat("spent what it may, $", cap_, ", in ", round - 1,
                            round == 2 ? " round: it " : " rounds: in the last it ", last.sentence);
        return last;
      }
      ASSIGN_OR_RETURN(last, Round(round));
      if (!goes_on_) return last;
      brief_.earlier.push_back({last.patch.bytes, last.output});
    }
    if (step_.rounds > 1)
      last.sentence = Cat("tried ", step_.rounds, " rounds, and in the last it ", last.sentence);
    return last;
  }

 private:
  StatusOr<RungResult> Round(int round) {
    RungResult result;
    goes_on_ = false;
    std::string why;
    auto opened = bench_.Open(RoomToSpend(), place_.on, why);
    const StatusCode code = opened.status().code();
    // Its model is not for this task's workspaces: of a kind without it, or of a fork's code.
    if (code == StatusCode::kPermissionDenied || code == StatusCode::kInvalidArgument) {
      why = Message(opened.status());
    } else if (!opened.ok()) {
      return std::move(opened).status();
    }
    auto workspace = opened.ok() ? *std::move(opened) : nullptr;
    if (workspace == nullptr) {
      result.sentence = Cat("was not tried: ", why);
      return result;
    }
    InstructionMask mask(bench_, *workspace);
    ASSIGN_OR_RETURN(why, mask.Put());
    if (!why.empty()) {
      result.sentence = Cat("was not tried: ", why);
      return result;
    }
    const auto report = Work(*workspace, round);
    if (!report.ok()) return report.status();
    ASSIGN_OR_RETURN(why, mask.TakeOff());
    if (report->claim != AgentClaim::kFinished) {
      // What a person goes on from has the instructions that are the repository's.
      if (why.empty()) bench_.Retire(std::move(workspace));
      return WithoutProof(*report);
    }
    if (!why.empty()) {
      result.sentence = Cat("could not be captured: ", why);
      return result;
    }
    ASSIGN_OR_RETURN(result, bench_.Prove(*workspace, place_.label, place_.on));
    goes_on_ = result.outcome != StepOutcome::kProven;
    if (goes_on_) bench_.Retire(std::move(workspace));
    result.agent = step_.agent;
    result.rounds = round;
    return result;
  }

  // What it left is no work that it stands for.
  static RungResult WithoutProof(const AgentReport& report) {
    RungResult result;
    const auto say = [&](StepOutcome outcome, std::string_view begin) {
      result.outcome = outcome;
      result.sentence = Cat(begin, report.words);
    };
    switch (report.claim) {
      case AgentClaim::kGaveUp:
        say(StepOutcome::kGaveUp, "gave up: ");
        break;
      case AgentClaim::kDeclined:
        say(StepOutcome::kGaveUp, "was refused by its model, which does not want to answer: ");
        break;
      case AgentClaim::kTimedOut:
      case AgentClaim::kSilent:
        say(StepOutcome::kTimedOut, "");
        break;
      case AgentClaim::kOverBudget:
        say(StepOutcome::kOverBudget, "was ended over its budget: ");
        break;
      case AgentClaim::kUnreachable:
        say(StepOutcome::kFailed, "lost its model: ");
        break;
      case AgentClaim::kUnauthorized:
        say(StepOutcome::kFailed, "was not let in by its model: ");
        break;
      case AgentClaim::kCrashed:
        say(StepOutcome::kFailed, "crashed: ");
        break;
      case AgentClaim::kFailed:
      case AgentClaim::kStopped:
      case AgentClaim::kFinished:
        say(StepOutcome::kFailed, "could not work: ");
        break;
    }
    return result;
  }

  // 0 when there is no cap.
  double Left() const {
    return cap_ == std::numeric_limits<double>::infinity() ? 0 : cap_ - spent_;
  }

  Room RoomToSpend() const {
    Room room = place_.room;
    room.model_network = agent_.network();
    room.max_usd = Left();
    room.max_tokens = limits_.max_tokens;
    return room;
  }

  StatusOr<AgentReport> Work(Workspace& workspace, int round) {
    brief_.max_usd = Left();
    AgentRecord record(bench_.log(), place_.label, round);
    RETURN_IF_ERROR(record.Begin(brief_));
    const absl::Time begun = absl::Now();
    double charged = 0;
    const auto take = [&](const AgentEvent& event) {
      record.Take(event);
      ChargeCalls(workspace.Usage().usd, charged);
    };
    auto report = agent_.Repair(workspace, brief_, take, bench_.stop());
    // What was spent by one that was stopped is spent too.
    const ModelUsage usage = report.ok() ? report->usage : workspace.Usage();
    ChargeCalls(report.ok() ? report->usd : usage.usd, charged);
    bench_.Charge({0, absl::Now() - begun});
    spent_ += charged;
    const Status recorded = record.End();
    const AgentClaim claim = report.ok() ? report->claim : AgentClaim::kStopped;
    bench_.log().CountAgent({step_.agent, agent_.kind(), claim, usage, charged});
    if (!report.ok()) {
      bench_.log().NoteCharge(Told(claim, usage, charged, Message(report.status()), round));
      return report.status();
    }
    RETURN_IF_ERROR(recorded);
    RETURN_IF_ERROR(bench_.log().Note("step", Told(claim, usage, charged, report->words, round)));
    return report;
  }

  // With each call that was paid for, so that the end of this process loses nothing of it.
  void ChargeCalls(double usd, double& charged) {
    if (usd <= charged) return;
    bench_.Charge({usd - charged, absl::ZeroDuration()});
    charged = usd;
  }

  std::string Told(AgentClaim claim, const ModelUsage& usage, double usd, std::string_view words,
                   int round) const {
    return Cat("agent ", step_.agent, " of step ", place_.label, ", round ", round, " of ",
               step_.rounds, ", ", ToString(claim), ", cost $", usd,
               usage.tokens() > 0 ? Cat(" (", usage.tokens(), " tokens, ", usage.output_tokens,
                                        " of them written)")
                                  : "",
               ": ", words);
  }

  Bench& bench_;
  Agent& agent_;
  const Step& step_;
  const RungPlace& place_;
  const AgentLimits limits_;
  Brief brief_;
  double cap_ = 0, spent_ = 0;
  bool goes_on_ = false;  // whether another round may do better
};

}  // namespace

StatusOr<RungResult> ClimbAgent(Bench& bench, const Agents* agents, const Step& step,
                                const RungPlace& place) {
  std::vector<std::string> names;
  if (agents != nullptr) {
    for (const auto& [name, agent] : *agents) names.push_back(name);
    if (const auto found = agents->find(step.agent); found != agents->end())
      return AgentRung(bench, *found->second, step, place).Climb();
  }
  RungResult result;
  result.sentence = Cat("could not work: no agent named \"", step.agent, "\" is configured",
                        DidYouMean(step.agent, names));
  return result;
}

}  // namespace regreen
