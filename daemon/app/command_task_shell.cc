// A person in the place of a task.
#include <chrono>
#include <cstdlib>
#include <thread>

#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/app/with_store.h"
#include "daemon/base/terminal.h"
#include "daemon/base/text.h"
#include "daemon/domain/persons_move.h"
#include "daemon/pipeline/resume.h"

namespace regreen {
namespace {

constexpr auto kLook = std::chrono::milliseconds(200);
// A daemon sees within a second that its task was ended, and its workspace is left then.
constexpr int kLooks = 150;

// A shell that is there, without what a daemon's user has set up for themselves.
constexpr char kShell[] =
    "if command -v bash >/dev/null; then exec env PS1=\"$REGREEN_PROMPT\" bash --norc -i; "
    "else exec env PS1=\"$REGREEN_PROMPT\" sh -i; fi";

StatusOr<std::unique_ptr<Workspace>> WaitForWorkspace(WorkspaceFactory& workspaces,
                                                      const WorkspaceSpec& spec, bool wait) {
  for (int looks = 0;; ++looks) {
    auto workspace = workspaces.Reopen(spec, {});
    const bool later = workspace.status().code() == StatusCode::kNotFound ||
                       workspace.status().code() == StatusCode::kUnavailable;
    if (workspace.ok() || !wait || !later || looks >= kLooks) return workspace;
    std::this_thread::sleep_for(kLook);
  }
}

Status TakeOver(Store& store, const Task& task, const TaskArguments& arguments,
                const Config& config) {
  if (IsTerminal(task.state)) return OkStatus();
  if (!arguments.take_over) {
    return InvalidArgument(Cat("task ", task.id, " is ", ToString(task.state),
                               ": --take-over ends it, and opens what it leaves"));
  }
  if (config.workspace.keep <= absl::ZeroDuration()) {
    return FailedPrecondition(
        "the daemon keeps no workspace: set keep in [workspace], such as keep = \"1h\", and start "
        "it "
        "again");
  }
  ASSIGN_OR_RETURN(const TaskState to, StateAfter(PersonsWord::kCancel, task));
  return store.Move(task.id, to, ReasonOf(PersonsWord::kCancel, OwnUserName(), "taken over"));
}

Status OpenShell(Store& store, const Config& config, const TaskArguments& arguments) {
  ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.id));
  RETURN_IF_ERROR(TakeOver(store, task, arguments, config));
  ASSIGN_OR_RETURN(const auto workspaces, WorkspacesForPeople(config));
  WorkspaceSpec spec;
  spec.task_id = task.id;
  ASSIGN_OR_RETURN(const auto workspace,
                   WaitForWorkspace(*workspaces, spec, !IsTerminal(task.state)));
  Complain(Cat("the workspace of task ", task.id, ". What is to succeed: ",
               task.plan.verify_command.empty() ? "nothing is known" : task.plan.verify_command),
           kDone);
  {
    ASSIGN_OR_RETURN(const auto relay, TerminalRelay::Start());
    ExecSpec shell;
    shell.command = kShell;
    shell.directory = task.plan.verify_directory;
    shell.terminal = relay->inner();
    shell.timeout = absl::Hours(24);
    const char* kind = std::getenv("TERM");
    shell.env = {{"TERM", kind == nullptr ? "xterm" : kind},
                 {"REGREEN_PROMPT", Cat("regreen:", task.id.substr(0, 6), ":\\w\\$ ")}};
    RETURN_IF_ERROR(workspace->Exec(shell, {}).status());
  }
  Complain(Cat("regreen task resume ", task.id, " proves and publishes what you left"), kDone);
  return OkStatus();
}

}  // namespace

int TaskShell(const TaskArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store, const Config& config) {
    return OpenShell(store, config, arguments);
  });
}

int TaskResume(const TaskArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store, const Config& config) -> Status {
    ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.id));
    ASSIGN_OR_RETURN(const auto workspaces, WorkspacesForPeople(config));
    ASSIGN_OR_RETURN(const HandTask resumed, ResumeTask(*workspaces, task, OwnUserName(), {}));
    ASSIGN_OR_RETURN(const CreatedTask made, store.CreateByHand(resumed));
    PrintOut(Cat("task ", made.id, " goes on from what was left\nwatch it by: regreen task log -f ",
                 made.id, "\n"));
    return OkStatus();
  });
}

}  // namespace regreen
