#include "daemon/pipeline/repair.h"

#include "daemon/base/text.h"
#include "daemon/pipeline/bench.h"
#include "daemon/pipeline/report.h"
#include "daemon/pipeline/rungs.h"

namespace regreen {
namespace {

using Kind = RepairOutcome::Kind;

constexpr char kReproduce[] = "reproduce";  // stands for a rung in what was tried

// One climb, from one commit of the task to the next.
class Climber {
 public:
  Climber(const RepairDependencies& deps, const Task& task, const MirrorFolder& mirror_folder,
          EarlierRungs earlier, RepairLog& log, std::stop_token stop)
      : deps_(deps),
        task_(task),
        mirror_folder_(mirror_folder),
        outputs_(std::move(earlier.outputs)),
        given_(std::move(earlier.given)),
        merged_(std::move(earlier.merged)),
        log_(log),
        stop_(std::move(stop)) {
    out_.ladder = task.ladder;
    out_.tried = std::move(earlier.tried);
  }

  StatusOr<RepairOutcome> Climb() {
    const auto& steps = task_.plan.steps;
    for (int& next = out_.ladder.next; next < static_cast<int>(steps.size()); ++next) {
      const Step& step = steps[static_cast<std::size_t>(next)];
      if (const std::string why = WhySkipped(step, task_.incident.evidence.failure_class,
                                             PresentAttempt(task_), out_.ladder.last);
          !why.empty()) {
        RETURN_IF_ERROR(log_.Note("note", Cat("step ", step.name, " is passed over: ", why)));
        continue;
      }
      ASSIGN_OR_RETURN(const bool ended, ClimbRung(step));
      if (ended) return std::move(out_);
    }
    End();
    if (out_.kind == Kind::kFailed && bench_) RETURN_IF_ERROR(bench_->KeepLast(true));
    return std::move(out_);
  }

 private:
  // True when the climb is over, for now or for good; `out_` says how.
  StatusOr<bool> ClimbRung(const Step& step) {
    switch (step.kind) {
      case StepKind::kRerun:
        return ClimbRerun(step);
      case StepKind::kReport:
        return ClimbReport(step);
      case StepKind::kRun:
      case StepKind::kAgent:
      case StepKind::kGiven:
        return ClimbInWorkspace(step);
    }
    return Internal("a rung is of no kind");
  }

  StatusOr<bool> ClimbRerun(const Step& step) {
    if (task_.plan.stage == Stage::kShadow) {
      withheld_ = Cat("step ", step.name, " would have run the failed jobs again");
      RETURN_IF_ERROR(log_.Note("note", withheld_));
      return false;
    }
    if (deps_.actions == nullptr || task_.incident.run.foreign) {
      RETURN_IF_ERROR(Settle(step, StepOutcome::kFailed,
                             deps_.actions == nullptr
                                 ? "the forge cannot run anything again"
                                 : "the run is of a CI that the forge cannot run again"));
      return false;
    }
    out_.kind = Kind::kRerunning;
    out_.ladder.reruns = 1;
    out_.ladder.run_attempt = PresentAttempt(task_) + 1;
    out_.delay = RerunDelay(step, 1);
    out_.reason =
        Cat("step ", step.name, " runs the failed jobs again, ",
            step.times == 1 ? std::string("once") : Cat("at most ", step.times, " times"));
    return true;
  }

  StatusOr<bool> ClimbReport(const Step& step) {
    // So that trouble of the forge repeats the report alone.
    if (worked_) return Pause(Cat("reports by step ", step.name));
    ASSIGN_OR_RETURN(const Told told,
                     TellReport(deps_.actions, task_, step, out_.tried, log_, stop_));
    RETURN_IF_ERROR(log_.Note("report", Cat("step ", step.name, " ", told.sentence)));
    if (!told.ok) return false;
    (task_.plan.stage == Stage::kShadow ? withheld_ : told_) =
        Cat("step ", step.name, " ", told.sentence);
    return false;
  }

  StatusOr<bool> ClimbInWorkspace(const Step& step) {
    // What an agent cost is written down before more is spent.
    if (paid_) return Pause(Cat("goes on with step ", step.name));
    if (blocked_) {
      RETURN_IF_ERROR(log_.Note(
          "note", Cat("step ", step.name, " is passed over: there is no workspace for it")));
      return false;
    }
    if (!bench_) {
      ASSIGN_OR_RETURN(const bool ready, Reproduce());
      if (!ready) return false;
    }
    worked_ = true;
    auto climbed = ClimbAndGoOn(*bench_, deps_.agents, step, given_);
    if (!climbed.ok()) {
      // A person who ends a task may want to see where it was; one whose daemon stops goes on.
      if (climbed.status().code() == StatusCode::kCancelled && log_.Taken())
        RETURN_IF_ERROR(bench_->KeepLast(false));
      return climbed.status();
    }
    RungResult result = *std::move(climbed);
    paid_ = step.kind == StepKind::kAgent;
    RETURN_IF_ERROR(Settle(step, result.outcome, result.sentence));
    if (result.outcome != StepOutcome::kProven) return false;
    out_.kind = Kind::kProven;
    out_.reason = Cat("proven by step ", step.name);
    out_.proof = {std::move(result.patch), step.name, bench_->red_exit_code(),
                  std::move(result.agent), result.rounds};
    return true;
  }

  StatusOr<bool> Reproduce() {
    ASSIGN_OR_RETURN(std::string folder, mirror_folder_());
    bench_.emplace(
        Bench::Parts{deps_.workspaces, deps_.guard.get(), deps_.secrets, &task_, std::move(folder),
                     deps_.base_file, merged_, &log_, stop_, deps_.keep},
        outputs_);
    ASSIGN_OR_RETURN(const std::optional<Blocked> blocked, bench_->Reproduce());
    if (!blocked) {
      out_.reproduced = true;
      return true;
    }
    blocked_ = true;
    worked_ = true;
    Remember(kReproduce, blocked->outcome, blocked->sentence);
    RETURN_IF_ERROR(
        log_.Note("reproduced", Cat(ToString(blocked->outcome), ": ", blocked->sentence)));
    return false;
  }

  Status Settle(const Step& step, StepOutcome outcome, const std::string& sentence) {
    Remember(step.name, outcome, sentence);
    return log_.Note("step", Cat("step ", step.name, ": ", ToString(outcome), ": ", sentence));
  }

  void Remember(const std::string& step, StepOutcome outcome, const std::string& sentence) {
    out_.tried.push_back({step, outcome, sentence});
    out_.ladder.last = outcome;
    told_.clear();
    withheld_.clear();
  }

  bool Pause(std::string reason) {
    out_.kind = Kind::kPaused;
    out_.reason = std::move(reason);
    return true;
  }

  void End() {
    if (out_.ladder.last == StepOutcome::kRecovered) {
      out_.kind = Kind::kRecovered;
      out_.reason = "the run is green again";
    } else if (!told_.empty()) {
      out_.kind = Kind::kReported;
      out_.reason = told_;
    } else if (!withheld_.empty()) {
      out_.kind = Kind::kShadowed;
      out_.reason = withheld_;
    } else if (out_.ladder.last == StepOutcome::kUnreproducible) {
      out_.kind = Kind::kUnreproducible;
      out_.reason = WhyBlocked("the failure does not show here");
    } else {
      out_.kind = Kind::kFailed;
      out_.reason = WhyBlocked("no step of the template repaired it; the timeline says why");
    }
  }

  std::string WhyBlocked(std::string otherwise) const {
    const bool blocked = !out_.tried.empty() && out_.tried.back().step == kReproduce;
    return blocked ? out_.tried.back().sentence : otherwise;
  }

  const RepairDependencies& deps_;
  const Task& task_;
  const MirrorFolder& mirror_folder_;
  Outputs outputs_;
  const Patch given_;
  const std::vector<std::string> merged_;
  RepairLog& log_;
  const std::stop_token stop_;
  RepairOutcome out_;
  std::optional<Bench> bench_;
  bool blocked_ = false;         // no workspace can be worked in
  bool worked_ = false;          // in a workspace, since the last commit
  bool paid_ = false;            // an agent, since the last commit
  std::string told_, withheld_;  // what was last said, when nothing was tried after it
};

}  // namespace

StatusOr<RepairOutcome> Repairer::Repair(const Task& task, const MirrorFolder& mirror_folder,
                                         EarlierRungs earlier, RepairLog& log,
                                         std::stop_token stop) const {
  return Climber(deps_, task, mirror_folder, std::move(earlier), log, std::move(stop)).Climb();
}

}  // namespace regreen
