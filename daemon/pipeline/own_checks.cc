#include "daemon/pipeline/own_checks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/pipeline/publish.h"

namespace regreen {
namespace {

constexpr std::string_view kReady = "ready";  // of an entry
constexpr std::size_t kMostNamed = 5;
constexpr std::size_t kLongestName = 80;
constexpr std::size_t kMostLogs = 3;
constexpr std::size_t kMostLines = 16 << 10;

bool HasEntry(const Followed& followed, std::string_view kind) {
  return std::ranges::any_of(followed.timeline,
                             [&](const TimelineEntry& entry) { return entry.kind == kind; });
}

std::string NameOf(const RedCheck& check) {
  return EscapeControl(Truncate(check.name, kLongestName));
}

std::string NamesOf(const std::vector<RedCheck>& red) {
  std::vector<std::string> names;
  for (const RedCheck& check : red) {
    if (names.size() == kMostNamed) break;
    names.push_back(NameOf(check));
  }
  std::string text = Join(names, ", ");
  if (red.size() > kMostNamed) Append(text, " and ", red.size() - kMostNamed, " more");
  return text;
}

void Say(const Task& task, std::string reason, TaskUpdate& update) {
  if (reason != task.reason) update.timeline.push_back({{}, "change", reason});
  update.reason = std::move(reason);
}

// What the change made red, or left red that it was to repair.
StatusOr<std::vector<RedCheck>> OwnRed(ChangeCare& care, const Task& task, const Proof& proof,
                                       const Checks& checks, std::stop_token stop) {
  ASSIGN_OR_RETURN(const Checks base,
                   care.ReadChecks(task.incident.run.key.repo, proof.patch.base_commit, stop));
  std::vector<RedCheck> own;
  for (const RedCheck& check : checks.red) {
    const bool before = std::ranges::find(base.red, check.name, &RedCheck::name) != base.red.end();
    if (!before || check.name == task.incident.job.name) own.push_back(check);
  }
  return own;
}

// A log that is not to be had is done without.
StatusOr<std::string> LinesOf(const FollowDependencies& deps, Forge& forge, const Task& task,
                              const std::vector<RedCheck>& red, std::stop_token stop) {
  std::string text;
  std::size_t logs = 0;
  for (const RedCheck& check : red) {
    if (!deps.lines || check.job_id.empty() || task.incident.run.foreign) continue;
    if (++logs > kMostLogs) break;
    JobFacts job;
    job.id = check.job_id;
    job.name = check.name;
    RunHint hint;
    hint.key = task.incident.run.key;
    const auto log = forge.ReadLog(hint, job, stop);
    if (log.status().code() == StatusCode::kCancelled) return log.status();
    if (!log.ok()) continue;
    Append(text, "The change's own check ", NameOf(check), " failed:\n");
    for (const std::string& line : deps.lines(job, log->text)) Append(text, line, "\n");
  }
  return std::string(Truncate(text, kMostLines));
}

// An agent may do better by what it is told now; of a command nothing else can be had.
int NextRung(const Task& task, const Proof& proof) {
  const auto& steps = task.plan.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].name != proof.step) continue;
    return static_cast<int>(steps[i].kind == StepKind::kAgent ? i : i + 1);
  }
  return static_cast<int>(steps.size());
}

bool HasWork(const Task& task, int next) {
  const auto& steps = task.plan.steps;
  return std::any_of(steps.begin() + next, steps.end(), [](const Step& step) {
    return step.kind == StepKind::kRun || step.kind == StepKind::kAgent;
  });
}

Status WhenRed(const FollowDependencies& deps, Forge& forge, const Task& task,
               const Followed& followed, const Checks& checks, TaskUpdate& update,
               std::stop_token stop) {
  ASSIGN_OR_RETURN(const std::vector<RedCheck> own,
                   OwnRed(*forge.care(), task, *followed.proof, checks, stop));
  if (own.empty()) {
    Say(task, Cat("open; what is red of its checks was red before it: ", NamesOf(checks.red)),
        update);
    return OkStatus();
  }
  const auto rounds = std::ranges::count_if(
      followed.timeline, [](const TimelineEntry& entry) { return entry.kind == kOwnChecks; });
  const int next = NextRung(task, *followed.proof);
  const std::string red = Cat("the change's own checks are red: ", NamesOf(own));
  if (rounds >= kMostOwnRounds || !HasWork(task, next)) {
    RETURN_IF_ERROR(TellOnChange(forge, task, "red",
                                 Cat("The command that failed passes with this change, but ", red,
                                     ". regreen has nothing left to try: a person decides."),
                                 stop));
    Say(task, Cat("open; ", red, ", and nothing is left to try: a person decides"), update);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(std::string lines, LinesOf(deps, forge, task, own, stop));
  update.artifacts.push_back({std::string(kOwnChecks), std::move(lines)});
  update.to = TaskState::kRepairing;
  update.delay = absl::ZeroDuration();
  update.reason = Cat(red, "; further round ", rounds + 1, " of ", kMostOwnRounds);
  update.ladder = task.ladder;
  update.ladder->next = next;
  update.ladder->last = StepOutcome::kStillRed;
  update.timeline.push_back({{}, std::string(kOwnChecks), update.reason});
  return OkStatus();
}

Status WhenGreen(ChangeCare& care, const Task& task, const Followed& followed, TaskUpdate& update,
                 std::stop_token stop) {
  // A person who made it a draft again has a reason.
  if (followed.needs_person || HasEntry(followed, kReady)) return OkStatus();
  if (task.plan.stage == Stage::kAuto) return OkStatus();  // it was none
  const RunKey& run = task.incident.run.key;
  const Status ready = care.MarkReady({run.forge, run.repo, task.change->number},
                                      task.pushed_commit, std::move(stop));
  if (ready.ok()) {
    update.reason = "open; its checks are green, and it is ready";
    update.timeline.push_back({{}, std::string(kReady), update.reason});
  } else if (!IsRetryable(ready) && ready.code() != StatusCode::kCancelled) {
    Say(task, Cat("open; its checks are green, but it stays a draft: ", Message(ready)), update);
  } else {
    return ready;
  }
  return OkStatus();
}

}  // namespace

Status LookAtChecks(const FollowDependencies& deps, Forge& forge, const Task& task,
                    const Followed& followed, TaskUpdate& update, std::stop_token stop) {
  ChangeCare& care = *forge.care();
  const auto checks = care.ReadChecks(task.incident.run.key.repo, task.pushed_commit, stop);
  if (!checks.ok()) {
    if (IsRetryable(checks.status()) || checks.status().code() == StatusCode::kCancelled)
      return checks.status();
    Say(task, Cat("open; its checks cannot be read: ", Message(checks.status())), update);
    return OkStatus();
  }
  if (checks->kind == Checks::Kind::kGreen)
    return WhenGreen(care, task, followed, update, std::move(stop));
  if (checks->kind == Checks::Kind::kRed)
    return WhenRed(deps, forge, task, followed, *checks, update, std::move(stop));
  return OkStatus();
}

}  // namespace regreen
