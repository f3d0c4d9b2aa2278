#include "daemon/pipeline/fork.h"

#include <algorithm>

#include "daemon/base/crash_point.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/change_text.h"
#include "daemon/pipeline/publish.h"
#include "daemon/pipeline/report.h"

namespace regreen {
namespace {

constexpr std::size_t kMostTitle = 120;
// A comment takes some 65,000 characters, and the failure is told in it too.
constexpr std::size_t kMostPatch = 40'000;
constexpr std::size_t kMostCommand = 2000;
// What a stranger can make us say in one repository: each failure of theirs is one comment.
constexpr int kMostCommentsPerHour = 5, kMostCommentsPerDay = 20;
// The same failure of the same pull request is not told again before.
constexpr absl::Duration kToldAgainAfter = absl::Hours(24);

bool RunsCode(const Plan& plan) {
  return NeedsWorkspace(plan) || plan.template_name != TellOfForkPlan().template_name;
}

}  // namespace

ForkPolicy ForksAt(const std::map<std::string, ForkPolicy>& forks, const std::string& forge) {
  const auto found = forks.find(forge);
  return found == forks.end() ? ForkPolicy::kIgnore : found->second;
}

Plan TellOfForkPlan() {
  Plan plan;
  plan.template_name = "fork-report";
  plan.title = "Tell of a failure of a fork's pull request";
  plan.stage = Stage::kSuggest;
  Step step;
  step.name = "report";
  step.kind = StepKind::kReport;
  step.report = ReportKind::kComment;
  plan.steps = {step};
  plan.limits.per_hour = kMostCommentsPerHour;
  plan.limits.per_day = kMostCommentsPerDay;
  plan.limits.cooldown = kToldAgainAfter;
  return plan;
}

std::string WhyNotForFork(const Plan& plan, std::span<const std::string> networks) {
  for (const std::string& name : plan.needs.network) {
    if (std::find(networks.begin(), networks.end(), name) != networks.end()) continue;
    return Cat("template ", plan.template_name, " asks for the network \"", name,
               "\", which is not for a fork's code (network.", name, ".forks)");
  }
  return "";
}

void HoldForFork(Plan& plan) {
  plan.hold = true;
  plan.auto_merge = false;
  if (plan.stage == Stage::kAuto) plan.stage = Stage::kSuggest;
}

std::string WhyForkStops(const Task& task, ForkPolicy forks) {
  if (!task.incident.run.from_fork || forks == ForkPolicy::kRun) return "";
  if (forks == ForkPolicy::kReport && !RunsCode(task.plan)) return "";
  return "the configuration does not let this be done for a fork any more";
}

Report RepairReport(const Task& task, const Proof& proof) {
  const RunFacts& run = task.incident.run;
  Report report;
  report.repo = run.key.repo;
  report.kind = ReportKind::kComment;
  report.pull_request = run.pull_request;
  report.commit = run.commit;
  report.title = PlainWords(Cat("A repair: ", ChangeTitle(task)), kMostTitle);
  report.marker = Cat(task.id, "-repair");
  report.body = FailureText(task);
  Append(report.body, "**A repair** by step ", CodeSpan(proof.step), " of template ",
         CodeSpan(task.plan.template_name), ". With it this command, which failed with exit code ",
         proof.red_exit_code, ", succeeds in a fresh workspace:\n\n",
         FencedBlock(task.plan.verify_command, kMostCommand), "\n");
  if (proof.patch.bytes.size() > kMostPatch) {
    Append(report.body, "The patch is too long to be shown here. A maintainer finds it with ",
           CodeSpan(Cat("regreen task diff ", task.id)), ".\n\n");
  } else {
    Append(report.body, "To be applied with ", CodeSpan("git apply"), " on that commit:\n\n",
           FencedBlock(proof.patch.bytes, kMostPatch), "\n");
  }
  Append(report.body, "Nothing was pushed. Task `", task.id, "`, patch `",
         proof.patch.digest.substr(0, 16), "`.");
  return report;
}

Verdict JudgeRepairReport(const Task& task, const Proof& proof, const GuardRules& rules,
                          const KnownSecrets* secrets) {
  const Report report = RepairReport(task, proof);
  const PublishedText texts[] = {{"the report", report.body}};
  return JudgeText(texts, rules, secrets);
}

StatusOr<TaskUpdate> TellRepair(ForgeActions* actions, const Task& task, const Proof& proof,
                                RepairLog& log, std::stop_token stop) {
  const Report report = RepairReport(task, proof);
  RETURN_IF_ERROR(
      log.Keep(std::string(kReportArtifact), Cat("# ", report.title, "\n\n", report.body, "\n")));
  if (actions == nullptr)
    return MoveTo(TaskState::kReported,
                  "kept the repair with the task, since the forge takes none");
  const auto link = actions->Tell(report, stop);
  CrashPoint("report.told");
  if (link.ok()) {
    RETURN_IF_ERROR(log.Note("report", Cat("told of the repair by a comment: ", *link)));
    return MoveTo(TaskState::kReported, Cat("told of the repair by a comment: ", *link));
  }
  if (IsRetryable(link.status()) || link.status().code() == StatusCode::kCancelled)
    return link.status();
  return MoveTo(TaskState::kFailed,
                Cat("the repair could not be told of: ", Message(link.status())));
}

}  // namespace regreen
