// The same pipeline on a developer's repository, without server, store or forge.
#include <filesystem>

#include "adapters/git/local.h"
#include "adapters/workspace/registry.h"
#include "daemon/app/commands.h"
#include "daemon/app/fix_agents.h"
#include "daemon/app/print.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/by_hand.h"
#include "daemon/pipeline/change_text.h"
#include "daemon/pipeline/policies.h"
#include "daemon/pipeline/repair.h"
#include "daemon/pipeline/report.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"

namespace regreen {
namespace {

// Tells the person what happens as it happens; the logs are for the report of what went wrong.
class ConsoleLog final : public RepairLog {
 public:
  // `agents`: what they do is shown too.
  explicit ConsoleLog(bool agents) : agents_(agents) {}
  Status Note(std::string kind, std::string message) override {
    Complain(Cat(kind, ": ", message), kDone);
    return OkStatus();
  }
  Status Keep(std::string name, std::string bytes) override {
    if (name == kReportArtifact) report_ = std::move(bytes);
    Show(name, bytes);
    return OkStatus();
  }
  // By the thread that writes on what an agent does.
  Status Extend(const std::string& name, std::string_view bytes) override {
    Show(name, bytes);
    return OkStatus();
  }
  void Charge(const Spend& spend) override { usd_ += spend.usd; }
  const std::string& report() const { return report_; }
  double usd() const { return usd_; }

 private:
  // What an agent does, as it does it.
  void Show(std::string_view name, std::string_view bytes) const {
    const std::string_view added = Trim(bytes);
    if (agents_ && name.starts_with("step-") && !added.empty()) Complain(added, kDone);
  }

  const bool agents_;
  std::string report_;
  double usd_ = 0;
};

// One word is a shell command as it is; several are an argument list.
std::string CommandLine(const std::vector<std::string>& words) {
  if (words.size() == 1) return words[0];
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(ReadableWord(word));
  return Join(quoted, " ");
}

struct Session {
  const FixArguments& arguments;
  LocalRepository repository;
  Policies policies;
  std::string command;
  std::unique_ptr<WorkspaceFactory> workspaces;
  Agents agents;
};

StatusOr<Session> Prepare(const FixArguments& arguments, const std::filesystem::path& scratch) {
  Session session{arguments, {}, {}, CommandLine(arguments.command), nullptr, {}};
  if (Trim(session.command).empty()) return InvalidArgument("the command after -- is empty");
  ASSIGN_OR_RETURN(session.repository, InspectLocalRepository(arguments.repo));
  Problems problems;
  session.policies = LoadPolicyFolder(
      arguments.policies.empty() ? ShippedPolicies() : arguments.policies, problems);
  RETURN_IF_ERROR(problems.ToStatus());
  ASSIGN_OR_RETURN(FixSetup setup, PrepareFix(arguments, scratch.string()));
  session.agents = std::move(setup.agents);
  ASSIGN_OR_RETURN(session.workspaces, CreateWorkspaceFactory(setup.workspace));
  RETURN_IF_ERROR(session.workspaces->Probe());
  return session;
}

// The first red run: what the command prints is the log that triage reads.
StatusOr<Incident> Observe(const Session& session, const std::string& task_id) {
  ASSIGN_OR_RETURN(
      const auto workspace,
      session.workspaces->Open(
          {task_id, session.repository.git_folder, session.repository.head, nullptr}, {}));
  ExecSpec check;
  check.command = session.command;
  check.directory = session.repository.prefix;
  check.timeout = session.arguments.timeout;
  ASSIGN_OR_RETURN(const ExecResult result, workspace->Exec(check, {}));
  if (result.timed_out) {
    return InvalidArgument(Cat("the command hangs: it was ended after ",
                               absl::FormatDuration(check.timeout),
                               "; give it more time by --timeout"));
  }
  if (!result.ended_by.empty())
    return InvalidArgument(Cat("the command ", result.ended_by, ", and was ended"));
  if (result.exit_code == 0) {
    return InvalidArgument(
        "there is nothing to repair: the command succeeds at HEAD in the workspace. If it fails "
        "for you, it depends on something that is not committed, or on the network");
  }
  if (result.exit_code == 127 || result.exit_code == 126) {
    return InvalidArgument(
        Cat("the command needs a program that is not in the workspace (exit code ",
            result.exit_code, "): ", Truncate(Trim(result.output), 300)));
  }
  Complain(Cat("red: the command ended with exit code ", result.exit_code, " in the workspace"),
           kDone);
  Incident incident;
  incident.evidence =
      Triage(session.policies.rules).Run(result.output, {"", "", "", session.command});
  incident.evidence.command = session.command;
  incident.evidence.exit_code = result.exit_code;
  incident.run.key = {
      "local", std::filesystem::path(session.repository.worktree).parent_path().filename().string(),
      "0", 1};
  incident.run.commit = session.repository.head;
  incident.run.branch = incident.run.base_branch = session.repository.branch;
  incident.run.completed = incident.run.failed = true;
  incident.job = {"", "fix", "failure", true};
  incident.jobs = {incident.job.name};
  return incident;
}

StatusOr<Plan> Choose(const Session& session, const Incident& incident) {
  const Evidence& evidence = incident.evidence;
  Complain(Cat("failure: ", ToString(evidence.failure_class), ": ", evidence.signature), kDone);
  if (!session.arguments.agent.empty()) {
    ByHand asked;
    asked.agent = session.arguments.agent;
    asked.prompt = session.arguments.prompt;
    return SingleUsePlan(asked, incident);
  }
  SelectOptions options;
  options.only_template = session.arguments.template_name;
  options.ignore_match = options.allow_draft = !options.only_template.empty();
  options.command = session.command;
  // No configuration, so no networks.
  const WorkspaceLimits limits;
  if (session.arguments.workspace == "sandbox")
    options.offers = {WorkspaceOffer{"sandbox", {}, limits.cpu, limits.memory_bytes}};
  options.directory = session.repository.prefix;
  Selection selection = Select(incident, *session.policies.templates, options);
  if (selection.plan) return *std::move(selection.plan);
  std::string sentence = Cat("no template fits this failure.\n", RenderSelection(selection));
  if (evidence.failure_class == FailureClass::kNetwork) {
    Append(sentence,
           "\nThe workspace has no network: a command that needs it cannot be reproduced here.");
  }
  return NotFound(sentence);
}

void Tell(const Session& session, const Task& task, const Proof& proof, const std::string& branch,
          const std::string& commit) {
  if (session.arguments.json) {
    JsonWriter out;
    out.BeginObject()
        .Field("branch", branch)
        .Field("commit", commit)
        .Field("template", task.plan.template_name);
    out.Field("step", proof.step).Field("signature", task.incident.evidence.signature);
    out.Field("class", ToString(task.incident.evidence.failure_class))
        .Field("red_exit_code", proof.red_exit_code);
    out.Field("patch", proof.patch.bytes).EndObject();
    PrintOut(Cat(out.Take(), "\n"));
    return;
  }
  PrintOut(Cat("Fixed by template ", task.plan.template_name, ", step ", proof.step,
               ": the command failed with exit code ", proof.red_exit_code, " at ",
               session.repository.head.substr(0, 12), " and succeeds with this patch.\n\n",
               EscapeControlKeepLines(proof.patch.bytes), "\nThe repair is one commit on branch ",
               branch, ":\n  git diff HEAD..", branch, "\n  git merge ", branch, "\n"));
}

// To the end, without a store that remembers the rungs between.
StatusOr<RepairOutcome> Climb(const Session& session, Task task, ConsoleLog& log) {
  const MirrorFolder folder = [&]() -> StatusOr<std::string> {
    return session.repository.git_folder;
  };
  const Repairer repairer(
      {session.workspaces.get(), session.policies.guard, &session.agents, nullptr});
  EarlierRungs earlier;
  for (;;) {
    ASSIGN_OR_RETURN(RepairOutcome outcome, repairer.Repair(task, folder, earlier, log, {}));
    if (outcome.kind != RepairOutcome::Kind::kPaused) return outcome;
    task.ladder = outcome.ladder;
    earlier.tried = std::move(outcome.tried);
  }
}

Status Run(const FixArguments& arguments) {
  if (!arguments.agent.empty() && !arguments.template_name.empty())
    return InvalidArgument("--template and --agent exclude each other");
  if (arguments.agent.empty() && !(arguments.prompt + arguments.model).empty())
    return InvalidArgument("--prompt and --model need the --agent that they are for");
  ASSIGN_OR_RETURN(const TempDir scratch,
                   TempDir::Create(std::filesystem::temp_directory_path(), "regreen-fix-"));
  ASSIGN_OR_RETURN(const Session session, Prepare(arguments, scratch.path()));
  Task task;
  task.id = RandomHex(6);
  task.created_at = absl::Now();
  task.state = TaskState::kRepairing;
  ASSIGN_OR_RETURN(task.incident, Observe(session, task.id));
  ASSIGN_OR_RETURN(task.plan, Choose(session, task.incident));
  Complain(Cat("template: ", task.plan.template_name), kDone);
  for (Step& step : task.plan.steps) {
    // An agent runs many commands.
    if (step.kind != StepKind::kAgent) step.timeout = std::min(step.timeout, arguments.timeout);
  }
  for (ChainLink& link : task.plan.then) {
    for (Step& step : link.steps) step.timeout = std::min(step.timeout, arguments.timeout);
  }
  task.plan.verify_timeout = arguments.timeout;

  ConsoleLog log(!arguments.agent.empty());
  ASSIGN_OR_RETURN(const RepairOutcome outcome, Climb(session, task, log));
  if (outcome.kind == RepairOutcome::Kind::kUnreproducible) {
    return InvalidArgument(
        Cat("the failure does not repeat: it was red once, and then: ", outcome.reason));
  }
  if (outcome.kind == RepairOutcome::Kind::kReported)
    return InvalidArgument(Cat("it was not repaired; the template says:\n\n", log.report()));
  if (outcome.kind != RepairOutcome::Kind::kProven) return InvalidArgument(outcome.reason);
  const std::string branch = BranchName(task);
  const ProofText proof{task.plan.verify_command, outcome.proof.red_exit_code,
                        task.plan.verify_runs, outcome.proof.step};
  ASSIGN_OR_RETURN(const std::string commit,
                   CommitToNewBranch(session.repository, outcome.proof.patch,
                                     {branch, CommitMessage(task, proof), "regreen",
                                      "regreen@localhost", task.created_at}));
  Tell(session, task, outcome.proof, branch, commit);
  return OkStatus();
}

}  // namespace

int Fix(const FixArguments& arguments) {
  LogWarningsOnly();
  const Status fixed = Run(arguments);
  return fixed.ok() ? kDone : Complain(fixed);
}

}  // namespace regreen
