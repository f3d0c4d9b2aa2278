#include "daemon/pipeline/publish.h"

#include "daemon/base/crash_point.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/change_text.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/rerun.h"

namespace regreen {
namespace {

constexpr std::size_t kMostFindingsShown = 20;
constexpr std::size_t kLongestReason = 300;

ProofText ProofTextOf(const Task& task, const Proof& proof) {
  return {task.plan.verify_command,
          proof.red_exit_code,
          task.plan.verify_runs,
          proof.step,
          proof.agent,
          proof.rounds,
          task.spent.usd};
}

// Why a person must look; "" when nothing asks for it.
std::string PersonText(const Verdict& verdict) {
  if (!verdict.needs_person) return "";
  std::string text = "**For a person to see** before this is merged:\n\n";
  std::size_t shown = 0;
  for (const Finding& finding : verdict.findings) {
    if (finding.severity != Severity::kDraft || ++shown > kMostFindingsShown) continue;
    const std::string line = finding.line > 0 ? Cat(":", finding.line) : "";
    Append(text, "- ", CodeSpan(finding.rule), " at ", CodeSpan(Cat(finding.file, line)), ": ",
           PlainWords(finding.reason, kLongestReason), "\n");
  }
  if (shown > kMostFindingsShown) Append(text, "- and ", shown - kMostFindingsShown, " more\n");
  return Cat("\n", text);
}

ChangeRequest RequestOf(const Task& task, const Proof& proof, const Verdict& verdict,
                        const std::string& commit) {
  ChangeRequest request;
  request.repo = task.incident.run.key.repo;
  request.branch = BranchName(task);
  request.target = TargetOf(task);
  request.title = ChangeTitle(task);
  request.body = Cat(ChangeBody(task, proof.patch, ProofTextOf(task, proof)), PersonText(verdict));
  request.draft = task.plan.stage != Stage::kAuto || verdict.needs_person;
  request.labels = task.plan.change_labels;
  request.commit = commit;
  request.task_id = task.id;
  return request;
}

std::string TextOf(const ChangeRequest& request) {
  return Cat("# ", request.title, "\n\n", request.branch, " → ", request.target, "\n\n",
             request.body);
}

}  // namespace

TaskUpdate MoveTo(TaskState state, std::string reason) {
  TaskUpdate update;
  update.to = state;
  update.reason = std::move(reason);
  return update;
}

std::string RequestText(const Task& task, const Proof& proof) {
  return TextOf(RequestOf(task, proof, Verdict(), ""));
}

Verdict JudgeRequest(const Task& task, const Proof& proof, const Verdict& verdict,
                     const GuardRules& rules, const KnownSecrets* secrets) {
  const ChangeRequest request = RequestOf(task, proof, verdict, "");
  const std::string message = CommitMessage(task, ProofTextOf(task, proof));
  const PublishedText texts[] = {{"the change's title", request.title},
                                 {"the change's body", request.body},
                                 {"the commit's message", message},
                                 {"the branch's name", request.branch}};
  return JudgeText(texts, rules, secrets);
}

StatusOr<TaskUpdate> Publish(const PublishDependencies& deps, Forge& forge, const Task& task,
                             const Proof& proof, const Verdict& verdict, RepairLog& log,
                             std::stop_token stop) {
  const RunFacts& run = task.incident.run;
  // Whoever names a commit means that one, whatever its branch does.
  if (!run.pinned) {
    ASSIGN_OR_RETURN(const RunFacts now, forge.ReadRun(HintOf(task), stop));
    // A fork's patch is told, and never comes here.
    if (const std::string why = WhyDropped(now, ForkPolicy::kIgnore); !why.empty())
      return MoveTo(TaskState::kSuperseded, why);
  }

  ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(run.key.repo));
  ASSIGN_OR_RETURN(const std::string folder, deps.mirror->Ensure(remote, run.commit, stop));
  const PushSpec spec{
      remote,           BranchName(task),  CommitMessage(task, ProofTextOf(task, proof)),
      deps.author_name, deps.author_email, task.created_at};
  const auto pushed = deps.publisher->Push(folder, spec, proof.patch, stop);
  if (pushed.status().code() == StatusCode::kFailedPrecondition) {
    return MoveTo(TaskState::kYielded,
                  Cat("branch ", spec.branch, " is left alone: ", Message(pushed.status())));
  }
  if (!pushed.ok()) return pushed.status();
  CrashPoint("publish.pushed");
  RETURN_IF_ERROR(log.Note("pushed", Cat("branch ", spec.branch, " at ", pushed->commit)));

  const ChangeRequest request = RequestOf(task, proof, verdict, pushed->commit);
  RETURN_IF_ERROR(log.Keep(std::string(kRequestArtifact), TextOf(request)));
  ASSIGN_OR_RETURN(const Change change, forge.EnsureChange(request, stop));
  CrashPoint("publish.change_opened");
  TaskUpdate update =
      MoveTo(TaskState::kWatching, Cat(change.created ? "opened " : "updated ", change.link));
  update.branch = request.branch;
  update.pushed_commit = pushed->commit;
  update.change = change;
  return update;
}

}  // namespace regreen
