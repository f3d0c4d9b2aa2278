#include "daemon/pipeline/bench.h"

#include <algorithm>
#include <map>

#include "daemon/base/crash_point.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/guard/guard.h"

namespace regreen {
namespace {

// What shells answer for a program that is not there, or is not to be run.
constexpr int kNotFoundExit = 127, kNotExecutableExit = 126;

// Git's own folder is in no patch. The path is of whatever kind of workspace runs it.
constexpr char kOutputPlace[] = "export REGREEN_OUTPUT=\"$PWD/.git/regreen-output\"\n";
constexpr std::size_t kMostReachedBytes = 256 << 10;
constexpr absl::Duration kShortTimeout = absl::Seconds(30);

// One name a line on standard input; prints those that are no program here.
constexpr char kFindTools[] =
    "while IFS= read -r tool; do command -v -- \"$tool\" >/dev/null 2>&1 || "
    "printf '%s\\n' \"$tool\"; done";

std::string Count(std::size_t n, const char* noun) {
  return Cat(n, " ", noun, n == 1 ? "" : "s");
}

}  // namespace

std::string DescribeEnd(const ExecResult& result, absl::Duration timeout) {
  if (!result.ended_by.empty()) return Cat(result.ended_by, ", and was ended");
  if (result.timed_out)
    return Cat("was still running after ", absl::FormatDuration(timeout), " and was ended");
  return Cat("ended with exit code ", result.exit_code, " after ",
             absl::FormatDuration(absl::Trunc(result.wall, absl::Milliseconds(1))));
}

Room Bench::PlanRoom() const {
  Room room;
  room.setup = task().plan.setup;
  room.inputs = task().plan.inputs;
  return room;
}

Room Bench::RoomOf(const Step& step, const ChainLink* link) const {
  Room room = PlanRoom();
  if (link != nullptr) {
    room.setup = link->setup;
    Overlay(link->inputs, link->from_outputs, room);
  }
  Overlay(step.inputs, step.from_outputs, room);
  return room;
}

// What a step before wrote takes the place of a definite input.
void Bench::Overlay(const std::vector<PlanInput>& inputs, const FromOutputs& from_outputs,
                    Room& room) const {
  room.inputs.insert(room.inputs.end(), inputs.begin(), inputs.end());
  for (const auto& [input, output] : from_outputs) {
    const auto found = outputs_.find(output);
    if (found != outputs_.end())
      room.inputs.push_back({input, found->second, false, Cat("outputs.", output)});
  }
}

ExecSpec Bench::Command(const Room& room, const std::string& command,
                        absl::Duration timeout) const {
  ExecSpec spec;
  spec.command = TakesOutputs(task().plan) ? Cat(kOutputPlace, command) : command;
  spec.timeout = timeout;
  std::map<std::string, std::string> env;
  for (const PlanInput& input : room.inputs)
    env.insert_or_assign(Cat("REGREEN_INPUT_", input.name), input.value);
  spec.env.assign(env.begin(), env.end());
  return spec;
}

ExecSpec Bench::Check() const {
  const Plan& plan = task().plan;
  ExecSpec spec = Command(PlanRoom(), plan.verify_command, plan.verify_timeout);
  spec.command = plan.verify_command;
  spec.directory = plan.verify_directory;
  return spec;
}

StatusOr<ExecResult> Bench::Run(Workspace& workspace, const ExecSpec& spec) {
  auto result = workspace.Exec(spec, parts_.stop);
  if (result.ok()) Charge({0, result->wall});
  return result;
}

void Bench::Charge(const Spend& spend) {
  spent_usd_ += spend.usd;
  log().Charge(spend);
}

StatusOr<std::unique_ptr<Workspace>> Bench::OpenBare(const Room& room, const Patch* on) {
  WorkspaceSpec spec{task().id, parts_.mirror_folder, task().incident.run.commit, on};
  spec.network = task().plan.needs.network;
  if (!room.model_network.empty() &&
      std::ranges::find(spec.network, room.model_network) == spec.network.end())
    spec.network.push_back(room.model_network);
  spec.max_usd = room.max_usd;
  spec.max_tokens = room.max_tokens;
  spec.limits.cpu = task().plan.needs.cpu;
  spec.limits.memory_bytes = task().plan.needs.memory_bytes;
  spec.of_fork = task().incident.run.from_fork;
  spec.on_network = [this](const std::string& lines) { KeepReached(lines); };
  return parts_.workspaces->Open(spec, parts_.stop);
}

void Bench::KeepReached(const std::string& lines) {
  if (reached_.size() > kMostReachedBytes) return;
  reached_ += lines;
  const Status kept = log().Keep("network.log", reached_);
  if (!kept.ok()) LogWarning("what a workspace reached is not kept", {{"why", Message(kept)}});
}

StatusOr<bool> Bench::SetUp(Workspace& workspace, const Room& room, std::string& why) {
  const absl::Duration timeout = task().plan.setup_timeout;
  for (const std::string& command : room.setup) {
    ASSIGN_OR_RETURN(const ExecResult result, Run(workspace, Command(room, command, timeout)));
    if (result.exit_code == 0 && !result.timed_out) continue;
    why = Cat("the setup command \"", Truncate(command, 100), "\" ", DescribeEnd(result, timeout));
    RETURN_IF_ERROR(log().Keep("setup.log", result.output));
    return false;
  }
  return true;
}

StatusOr<std::unique_ptr<Workspace>> Bench::Open(const Room& room, const Patch* on,
                                                 std::string& why) {
  ASSIGN_OR_RETURN(auto workspace, OpenBare(room, on));
  ASSIGN_OR_RETURN(const bool ready, SetUp(*workspace, room, why));
  if (!ready) workspace.reset();
  return workspace;
}

StatusOr<std::string> Bench::MissingTools(Workspace& workspace) {
  const std::vector<std::string>& tools = task().plan.needs.tools;
  if (tools.empty()) return std::string();
  ExecSpec spec;
  spec.command = kFindTools;
  spec.input = Cat(Join(tools, "\n"), "\n");
  spec.timeout = kShortTimeout;
  ASSIGN_OR_RETURN(const ExecResult result, Run(workspace, spec));
  std::vector<std::string> missing;
  for (const std::string_view line : SplitLines(Trim(result.output))) missing.emplace_back(line);
  return Join(missing, ", ");
}

StatusOr<std::optional<Blocked>> Bench::Reproduce() {
  ASSIGN_OR_RETURN(const auto workspace, OpenBare(PlanRoom(), nullptr));
  ASSIGN_OR_RETURN(const std::string missing, MissingTools(*workspace));
  if (!missing.empty()) {
    return std::optional(
        Blocked{StepOutcome::kFailed,
                Cat("the template needs programs that are not in the workspace: ", missing,
                    "; install them on this machine or add them by workspace.path")});
  }
  std::string why;
  ASSIGN_OR_RETURN(const bool ready, SetUp(*workspace, PlanRoom(), why));
  if (!ready) return std::optional(Blocked{StepOutcome::kUnreproducible, why});
  ASSIGN_OR_RETURN(const ExecResult result, Run(*workspace, Check()));
  RETURN_IF_ERROR(log().Keep("reproduce.log", result.output));
  return ReadRed(result);
}

StatusOr<std::optional<Blocked>> Bench::ReadRed(const ExecResult& result) {
  const absl::Duration timeout = task().plan.verify_timeout;
  Blocked blocked;
  if (result.timed_out) {
    blocked.sentence =
        Cat("the failing command hangs here: it was ended after ", absl::FormatDuration(timeout));
  } else if (!result.ended_by.empty()) {
    blocked.sentence = Cat("the failing command ", DescribeEnd(result, timeout),
                           ": it cannot be judged here; give workspaces more, or the template");
  } else if (result.exit_code == 0) {
    blocked.sentence =
        "the command that failed in CI succeeds here at the same commit: it is flaky, or it "
        "fails by something that the workspace does not have";
  } else if (result.exit_code == kNotFoundExit || result.exit_code == kNotExecutableExit) {
    blocked.sentence =
        Cat("the failing command needs a program that is not in the workspace (exit code ",
            result.exit_code, "); install it on this machine or add it by workspace.path");
  } else {
    red_exit_code_ = result.exit_code;
    RETURN_IF_ERROR(
        log().Note("reproduced", Cat("red: the failing command ", DescribeEnd(result, timeout))));
    CrashPoint("repair.reproduced");
    return std::optional<Blocked>();
  }
  return std::optional(std::move(blocked));
}

void Bench::Retire(std::unique_ptr<Workspace> workspace) {
  if (parts_.keep > absl::ZeroDuration()) last_ = std::move(workspace);
}

Status Bench::KeepLast(bool tell) {
  if (last_ == nullptr) return OkStatus();
  const absl::Time until = absl::Now() + parts_.keep;
  const Status kept = last_->Keep(until);
  last_.reset();
  if (!kept.ok()) LogWarning("a workspace is not kept", {{"why", Message(kept)}});
  if (!kept.ok() || !tell) return OkStatus();
  return log().Note("note", Cat("its workspace is kept for ", absl::FormatDuration(parts_.keep),
                                ": regreen task shell ", task().id, " opens it"));
}

Status Bench::TakeOutputs(Workspace& workspace, const std::string& label) {
  if (!TakesOutputs(task().plan)) return OkStatus();
  ExecSpec spec;
  spec.command = Cat("if [ -f .git/regreen-output ]; then head -c ", kMostOutputBytes + 1,
                     " .git/regreen-output; fi");
  spec.timeout = kShortTimeout;
  spec.max_output_bytes = 2 * kMostOutputBytes;
  ASSIGN_OR_RETURN(const ExecResult result, Run(workspace, spec));
  if (result.exit_code != 0 || result.timed_out) {
    return log().Note("note", Cat("the outputs of step ", label, " could not be read"));
  }
  const ParsedOutputs parsed = ParseOutputs(result.output, task().plan.outputs);
  for (const std::string& mistake : parsed.mistakes)
    RETURN_IF_ERROR(log().Note("note", Cat("step ", label, ": ", mistake)));
  if (parsed.values.empty()) return OkStatus();
  for (const auto& [name, value] : parsed.values) outputs_[name] = value;
  return log().Keep(std::string(kOutputsArtifact), OutputsToJson(outputs_));
}

StatusOr<RungResult> Bench::Prove(Workspace& workspace, const std::string& label, const Patch* on) {
  RETURN_IF_ERROR(TakeOutputs(workspace, label));
  RungResult result;
  auto patch = workspace.Capture(parts_.stop);
  if (patch.status().code() == StatusCode::kInvalidArgument) {
    result.outcome = StepOutcome::kRefused;
    result.output = Message(patch.status());
    result.sentence = Cat("made what cannot be in a patch: ", result.output);
    RETURN_IF_ERROR(log().Note("verdict", Cat("step ", label, " ", result.sentence)));
    return result;
  }
  if (!patch.ok()) return patch.status();
  result.patch = *std::move(patch);
  if (on == nullptr ? result.patch.empty() : result.patch.digest == on->digest) {
    result.outcome = StepOutcome::kNoChange;
    result.sentence = "changed nothing";
    RETURN_IF_ERROR(log().Note("captured", Cat("step ", label, " changed nothing")));
    return result;
  }
  RETURN_IF_ERROR(log().Note(
      "captured", Cat("step ", label, " changed ", Count(result.patch.files.size(), "file"))));
  RETURN_IF_ERROR(log().Keep("patch", result.patch.bytes));
  ASSIGN_OR_RETURN(const bool allowed, Allows(result.patch, label, result));
  if (!allowed) return result;
  CrashPoint("repair.captured");
  ASSIGN_OR_RETURN(const bool green, Verify(result.patch, label, result));
  if (green) CrashPoint("repair.verified");
  return result;
}

StatusOr<bool> Bench::Allows(const Patch& patch, const std::string& label, RungResult& result) {
  Verdict verdict = Judge(patch, task().plan, guard(), parts_.secrets);
  const std::int64_t most = task().plan.patch_max_bytes;
  if (most > 0 && static_cast<std::int64_t>(patch.bytes.size()) > most) {
    verdict.allowed = false;
    verdict.findings.push_back({"max_bytes", "", 0,
                                Cat("the patch is ", patch.bytes.size(),
                                    " bytes long, and the template allows ", most, ".")});
  }
  if (verdict.allowed) {
    RETURN_IF_ERROR(
        log().Note("verdict", Cat("step ", label, " made a patch that the guard allows")));
    for (const Finding& finding : verdict.findings)
      RETURN_IF_ERROR(log().Note("verdict", ToString(finding)));
    return true;
  }
  result.outcome = StepOutcome::kRefused;
  for (const Finding& finding : verdict.findings) {
    const std::string reason = ToString(finding);
    RETURN_IF_ERROR(log().Note("verdict", reason));
    Append(result.output, reason, "\n");
  }
  result.sentence =
      Cat("made a patch that the guard refuses (", Count(verdict.findings.size(), "reason"), ")");
  return false;
}

StatusOr<bool> Bench::Verify(const Patch& patch, const std::string& label, RungResult& result) {
  result.outcome = StepOutcome::kStillRed;
  std::string why;
  ASSIGN_OR_RETURN(const auto workspace, Open(PlanRoom(), &patch, why));
  if (workspace == nullptr) {
    result.sentence = Cat("made a patch with which ", why);
    RETURN_IF_ERROR(log().Note("verified", Cat("still red: ", why)));
    return false;
  }
  const ExecSpec check = Check();
  for (int run = 1; run <= task().plan.verify_runs; ++run) {
    ASSIGN_OR_RETURN(ExecResult checked, Run(*workspace, check));
    RETURN_IF_ERROR(log().Keep("verify.log", checked.output));
    const bool green = checked.exit_code == 0 && !checked.timed_out;
    const std::string end = DescribeEnd(checked, check.timeout);
    RETURN_IF_ERROR(
        log().Note("verified", Cat(green ? "green" : "still red", ": with the patch of step ",
                                   label, " the failing command ", end)));
    result.sentence = Cat("made a patch with which the failing command ", end);
    if (green) continue;
    result.output = std::move(checked.output);
    return false;
  }
  result.outcome = StepOutcome::kProven;
  return true;
}

}  // namespace regreen
