#include <algorithm>
#include <limits>

#include "daemon/base/text.h"
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
    brief_.prompt = step.text;
    brief_.rules = RulesOf(bench.task().plan, bench.guard());
    brief_.env = bench.Command(place.room, "", step.timeout).env;
    brief_.timeout = std::min(step.timeout, limits_.timeout);
    // The smaller of two caps, of which zero is none.
    cap_ = std::numeric_limits<double>::infinity();
    for (const double cap : {step.max_usd, limits_.max_usd}) {
      if (cap > 0) cap_ = std::min(cap_, cap);
    }
  }

  StatusOr<RungResult> Climb() {
    RungResult last;
    for (int round = 1; round <= step_.rounds; ++round) {
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
    ASSIGN_OR_RETURN(const auto workspace, bench_.Open(place_.room, place_.on, why));
    if (workspace == nullptr) {
      result.sentence = Cat("was not tried: ", why);
      return result;
    }
    ASSIGN_OR_RETURN(const AgentReport report, Work(*workspace, round));
    using Claim = AgentReport::Claim;
    switch (report.claim) {
      case Claim::kGaveUp:
        result.outcome = StepOutcome::kGaveUp;
        result.sentence = Cat("gave up: ", report.words);
        return result;
      case Claim::kTimedOut:
        result.outcome = StepOutcome::kTimedOut;
        result.sentence = report.words;
        return result;
      case Claim::kFailed:
        result.sentence = Cat("could not work: ", report.words);
        return result;
      case Claim::kFinished:
        break;
    }
    ASSIGN_OR_RETURN(result, bench_.Prove(*workspace, place_.label, place_.on));
    goes_on_ = result.outcome != StepOutcome::kProven;
    return result;
  }

  StatusOr<AgentReport> Work(Workspace& workspace, int round) {
    brief_.max_usd = cap_ == std::numeric_limits<double>::infinity() ? 0 : cap_ - spent_;
    std::string printed;
    const absl::Time begun = absl::Now();
    auto report = agent_.Repair(
        workspace, brief_, [&](std::string_view bytes) { printed += bytes; }, bench_.stop());
    if (!report.ok()) return report.status();
    bench_.log().Charge({report->usd, absl::Now() - begun});
    spent_ += report->usd;
    RETURN_IF_ERROR(bench_.log().Keep(StepLogName(place_.label, round), std::move(printed)));
    RETURN_IF_ERROR(bench_.log().Note(
        "step", Cat("agent ", step_.agent, " of step ", place_.label, ", round ", round, " of ",
                    step_.rounds, ", cost $", report->usd, ": ", report->words)));
    return report;
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
