#include "daemon/pipeline/repair.h"

#include "daemon/base/crash_point.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/guard/guard.h"

namespace regreen {
namespace {

// What shells answer for a program that is not there, or is not to be run.
constexpr int kNotFoundExit = 127, kNotExecutableExit = 126;

std::string Seconds(absl::Duration d) {
  return absl::FormatDuration(absl::Trunc(d, absl::Milliseconds(1)));
}

std::string Describe(const ExecResult& result, absl::Duration timeout) {
  if (result.timed_out)
    return Cat("was still running after ", absl::FormatDuration(timeout), " and was ended");
  return Cat("ended with exit code ", result.exit_code, " after ", Seconds(result.wall));
}

}  // namespace

struct Repairer::Job {
  const Task& task;
  const std::string& mirror_folder;
  RepairLog& log;
  std::stop_token stop;
  int red_exit_code = 0;

  ExecSpec Spec(const std::string& command, absl::Duration timeout) const {
    ExecSpec spec;
    spec.command = command;
    spec.timeout = timeout;
    for (const PlanInput& input : task.plan.inputs)
      spec.env.emplace_back(Cat("REGREEN_INPUT_", input.name), input.value);
    return spec;
  }
  ExecSpec Check() const {
    ExecSpec spec = Spec(task.plan.verify_command, task.plan.verify_timeout);
    spec.directory = task.plan.verify_directory;
    return spec;
  }
};

StatusOr<std::unique_ptr<Workspace>> Repairer::OpenReady(const Job& job, const Patch* patch,
                                                         std::string& why) const {
  WorkspaceSpec spec{job.task.id, job.mirror_folder, job.task.incident.run.commit, patch};
  ASSIGN_OR_RETURN(auto workspace, deps_.workspaces->Open(spec, job.stop));
  for (const std::string& command : job.task.plan.setup) {
    ASSIGN_OR_RETURN(const ExecResult result,
                     workspace->Exec(job.Spec(command, job.task.plan.setup_timeout), job.stop));
    if (result.exit_code == 0 && !result.timed_out) continue;
    why = Cat("the setup command \"", Truncate(command, 100), "\" ",
              Describe(result, job.task.plan.setup_timeout));
    RETURN_IF_ERROR(job.log.Keep("setup.log", result.output));
    return std::unique_ptr<Workspace>();
  }
  return workspace;
}

StatusOr<RepairOutcome> Repairer::Repair(const Task& task, const std::string& mirror_folder,
                                         RepairLog& log, std::stop_token stop) const {
  Job job{task, mirror_folder, log, stop};
  ASSIGN_OR_RETURN(auto ended, Reproduce(job));
  if (ended) return *std::move(ended);
  CrashPoint("repair.reproduced");
  for (const Step& step : task.plan.steps) {
    ASSIGN_OR_RETURN(auto patch, Try(job, step));
    if (!patch) continue;
    CrashPoint("repair.captured");
    ASSIGN_OR_RETURN(const bool proven, Verify(job, step, *patch));
    if (!proven) continue;
    CrashPoint("repair.verified");
    return RepairOutcome{RepairOutcome::Kind::kProven,
                         Cat("proven by step ", step.name),
                         {*std::move(patch), step.name, job.red_exit_code}};
  }
  return RepairOutcome{RepairOutcome::Kind::kFailed,
                       "no step of the template repaired it; the timeline says why",
                       {}};
}

StatusOr<std::optional<RepairOutcome>> Repairer::Reproduce(Job& job) const {
  const auto unreproducible = [](std::string reason) {
    return std::optional(
        RepairOutcome{RepairOutcome::Kind::kUnreproducible, std::move(reason), {}});
  };
  std::string why;
  ASSIGN_OR_RETURN(const auto workspace, OpenReady(job, nullptr, why));
  if (workspace == nullptr) return unreproducible(why);
  const ExecSpec check = job.Check();
  ASSIGN_OR_RETURN(const ExecResult result, workspace->Exec(check, job.stop));
  RETURN_IF_ERROR(job.log.Keep("reproduce.log", result.output));
  if (result.timed_out) {
    return unreproducible(Cat("the failing command hangs here: it was ended after ",
                              absl::FormatDuration(check.timeout)));
  }
  if (result.exit_code == 0) {
    return unreproducible(
        "the command that failed in CI succeeds here at the same commit: it is flaky, or it "
        "fails by something that the workspace does not have");
  }
  if (result.exit_code == kNotFoundExit || result.exit_code == kNotExecutableExit) {
    return unreproducible(
        Cat("the failing command needs a program that is not in the workspace (exit code ",
            result.exit_code, "); install it on this machine or add it by workspace.path"));
  }
  job.red_exit_code = result.exit_code;
  RETURN_IF_ERROR(job.log.Note("reproduced",
                               Cat("red: the failing command ", Describe(result, check.timeout))));
  return std::optional<RepairOutcome>();
}

StatusOr<std::optional<Patch>> Repairer::Try(const Job& job, const Step& step) const {
  const std::optional<Patch> nothing;
  const auto note = [&](std::string kind, std::string_view message) {
    return job.log.Note(std::move(kind), Cat("step ", step.name, " ", message));
  };
  std::string why;
  ASSIGN_OR_RETURN(const auto workspace, OpenReady(job, nullptr, why));
  if (workspace == nullptr) {
    RETURN_IF_ERROR(note("step", Cat("was not tried: ", why)));
    return nothing;
  }
  ASSIGN_OR_RETURN(const ExecResult result,
                   workspace->Exec(job.Spec(step.run, step.timeout), job.stop));
  RETURN_IF_ERROR(job.log.Keep(Cat("step-", step.name, ".log"), result.output));
  RETURN_IF_ERROR(note("step", Describe(result, step.timeout)));
  // A fixer's exit code says little (formatters answer 1 when they changed something): the captured
  // difference and its verification decide. One that hung left its work half done.
  if (result.timed_out) return nothing;
  auto patch = workspace->Capture(job.stop);
  if (!patch.ok() && patch.status().code() == StatusCode::kInvalidArgument) {
    RETURN_IF_ERROR(
        note("verdict", Cat("made what cannot be in a patch: ", Message(patch.status()))));
    return nothing;
  }
  if (!patch.ok()) return patch.status();
  if (patch->empty()) {
    RETURN_IF_ERROR(note("captured", "changed nothing"));
    return nothing;
  }
  RETURN_IF_ERROR(note("captured", Cat("changed ", patch->files.size(),
                                       patch->files.size() == 1 ? " file" : " files")));
  RETURN_IF_ERROR(job.log.Keep("patch", patch->bytes));
  const Verdict verdict = Judge(*patch, job.task.plan, *deps_.guard);
  if (!verdict.allowed) {
    for (const Finding& finding : verdict.findings) {
      RETURN_IF_ERROR(job.log.Note(
          "verdict", Cat("refused by ", finding.rule, ": ",
                         finding.file.empty() ? "" : Cat(finding.file, ": "), finding.reason)));
    }
    return nothing;
  }
  RETURN_IF_ERROR(note("verdict", "made a patch that the guard allows"));
  return std::optional(*std::move(patch));
}

StatusOr<bool> Repairer::Verify(const Job& job, const Step& step, const Patch& patch) const {
  std::string why;
  ASSIGN_OR_RETURN(const auto workspace, OpenReady(job, &patch, why));
  if (workspace == nullptr) {
    RETURN_IF_ERROR(job.log.Note("verified", Cat("still red: ", why)));
    return false;
  }
  const ExecSpec check = job.Check();
  for (int run = 1; run <= job.task.plan.verify_runs; ++run) {
    ASSIGN_OR_RETURN(const ExecResult result, workspace->Exec(check, job.stop));
    RETURN_IF_ERROR(job.log.Keep("verify.log", result.output));
    const bool green = result.exit_code == 0 && !result.timed_out;
    RETURN_IF_ERROR(job.log.Note(
        "verified", Cat(green ? "green" : "still red", ": with the patch of step ", step.name,
                        " the failing command ", Describe(result, check.timeout))));
    if (!green) return false;
  }
  return true;
}

}  // namespace regreen
