#include <algorithm>
#include <limits>

#include "daemon/base/text.h"
#include "daemon/pipeline/agent_record.h"
#include "daemon/pipeline/instruction_files.h"
#include "daemon/pipeline/rungs.h"

namespace regreen {
namespace {

constexpr std::size_t kMostRules = 40;
constexpr std::size_t kMostPathsOfARule = 8;

std::string Some(const std::vector<std::string>& paths) {
  const std::size_t shown = std::min(paths.size(), kMostPathsOfARule);
  return Cat(Join(std::span(paths).first(shown), ", "), shown < paths.size() ? ", …" : "");
}

// What the guard will say, told beforehand. The words are the operators', of templates and guard.
std::vector<std::string> RulesOf(const Plan& plan, const GuardRules& guard) {
  std::vector<std::string> rules;
  if (!plan.guard_paths.empty())
    rules.push_back(Cat("Change only files that match: ", Some(plan.guard_paths), "."));
  rules.push_back(
      Cat("Change at most ", plan.guard_max_files, " files and ", plan.guard_max_lines, " lines."));
  const auto holds = [&](const GuardRule& rule) {
    return rule.severity == Severity::kRefuse &&
           std::ranges::find(plan.guard_allow, rule.name) == plan.guard_allow.end();
  };
  const auto tell = [&](const auto& list, std::string_view begin) {
    for (const auto& rule : list) {
      if (holds(rule)) rules.push_back(Cat(begin, rule.about, "."));
    }
  };
  for (const ProtectedPaths& place : guard.protected_paths) {
    if (holds(place))
      rules.push_back(Cat("Do not touch what ", place.about, ": ", Some(place.paths), "."));
  }
  tell(guard.deleted_files, "Do not delete what ");
  tell(guard.added_text, "Add no line that ");
  tell(guard.fewer_lines, "Do not take out more than you add of what ");
  tell(guard.loosened_text, "Make no change that ");
  tell(guard.moved_numbers, "Change no number such that it ");
  if (TakesOutputs(plan)) {
    std::vector<std::string> names;
    for (const ValueSpec& spec : plan.outputs) {
      if (spec.type != ValueType::kPatch) names.push_back(spec.name);
    }
    rules.insert(rules.begin(), Cat("What you find out goes to the file .git/regreen-output, as "
                                    "lines name=value, with these names: ",
                                    Join(names, ", "), "."));
  }
  if (rules.size() > kMostRules) rules.resize(kMostRules);
  return rules;
}

// The rounds of one agent rung.
class AgentRung {
 public:
  AgentRung(Bench& bench, Agent& agent, const Step& step, const RungPlace& place)
      : bench_(bench), agent_(agent), step_(step), place_(place), limits_(agent.limits()) {
    const Task& task = bench.task();
    brief_.prompt = step.text;
    brief_.command = task.plan.verify_command;
    brief_.directory = task.plan.verify_directory;
    for (const EvidenceLine& line : task.incident.evidence.lines)
      Append(brief_.evidence, line.text, "\n");
    brief_.merged = bench.merged();
    brief_.rules = RulesOf(task.plan, bench.guard());
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
    RETURN_IF_ERROR(record.KeepPrompt(brief_));
    const absl::Time begun = absl::Now();
    auto report = agent_.Repair(
        workspace, brief_, [&](const AgentEvent& event) { record.Take(event); }, bench_.stop());
    // What was spent by one that was stopped is spent too.
    const double usd = report.ok() ? report->usd : workspace.Usage().usd;
    bench_.Charge({usd, absl::Now() - begun});
    spent_ += usd;
    RETURN_IF_ERROR(record.Keep());
    if (!report.ok()) return report.status();
    bench_.log().CountAgent({step_.agent, agent_.kind(), report->claim, report->usage, usd});
    RETURN_IF_ERROR(bench_.log().Note("step", Told(*report, round)));
    return report;
  }

  std::string Told(const AgentReport& report, int round) const {
    const ModelUsage& usage = report.usage;
    return Cat("agent ", step_.agent, " of step ", place_.label, ", round ", round, " of ",
               step_.rounds, ", ", ToString(report.claim), ", cost $", report.usd,
               usage.tokens() > 0 ? Cat(" (", usage.tokens(), " tokens, ", usage.output_tokens,
                                        " of them written)")
                                  : "",
               ": ", report.words);
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
