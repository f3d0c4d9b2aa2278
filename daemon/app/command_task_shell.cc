// A person in the place of a task.
#include <chrono>
#include <cstdlib>
#include <thread>

#include "absl/time/time.h"
#include "daemon/app/api_client.h"
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/app/with_store.h"
#include "daemon/base/json.h"
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

// A workspace that is here, or the way to one that is not.
struct Found {
  std::unique_ptr<Workspace> here;
  KeptElsewhere elsewhere;
};

StatusOr<Found> Find(WorkspaceFactory& workspaces, const std::string& task_id) {
  auto elsewhere = workspaces.FindElsewhere(task_id);
  if (elsewhere.ok()) return Found{nullptr, *std::move(elsewhere)};
  WorkspaceSpec spec;
  spec.task_id = task_id;
  ASSIGN_OR_RETURN(auto here, workspaces.Reopen(spec, {}));
  return Found{std::move(here), {}};
}

StatusOr<Found> WaitFor(WorkspaceFactory& workspaces, const std::string& task_id, bool wait) {
  for (int looks = 0;; ++looks) {
    auto found = Find(workspaces, task_id);
    const bool later = found.status().code() == StatusCode::kNotFound ||
                       found.status().code() == StatusCode::kUnavailable;
    if (found.ok() || !wait || !later || looks >= kLooks) return found;
    std::this_thread::sleep_for(kLook);
  }
}

// The command and the page are alone on standard output, a line each.
Status TellWay(const std::string& task_id, const KeptElsewhere& way) {
  if (way.command.empty() && way.page.empty()) {
    return FailedPrecondition(
        Cat("the workspace of task ", task_id, " is kept on another machine, in ", way.folder,
            ", and nothing is configured that opens a shell there: set attach of its [exec]"));
  }
  Complain(Cat("the workspace of task ", task_id, " is on another machine, in ",
               EscapeControl(way.folder), ", until ",
               absl::FormatTime("%Y-%m-%d %H:%M UTC", way.until, absl::UTCTimeZone()),
               ". What opens it:"),
           kDone);
  for (const std::string& line : {way.command, way.page}) {
    if (!line.empty()) PrintOut(Cat(EscapeControl(line), "\n"));
  }
  Complain(Cat("regreen task resume ", task_id, " proves and publishes what you left"), kDone);
  return OkStatus();
}

Status WorkHere(Workspace& workspace, const Task& task) {
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
    RETURN_IF_ERROR(workspace.Exec(shell, {}).status());
  }
  Complain(Cat("regreen task resume ", task.id, " proves and publishes what you left"), kDone);
  return OkStatus();
}

Status NeedsTakeOver(const std::string& id, std::string_view state) {
  return InvalidArgument(
      Cat("task ", id, " is ", state, ": --take-over ends it, and opens what it leaves"));
}

Status TakeOver(Store& store, const Task& task, const TaskArguments& arguments,
                const Config& config) {
  if (IsTerminal(task.state)) return OkStatus();
  if (!arguments.take_over) return NeedsTakeOver(task.id, ToString(task.state));
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
  ASSIGN_OR_RETURN(const Found found, WaitFor(*workspaces, task.id, !IsTerminal(task.state)));
  return found.here != nullptr ? WorkHere(*found.here, task) : TellWay(task.id, found.elsewhere);
}

StatusOr<KeptElsewhere> WayFromJson(const std::string& text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  KeptElsewhere way{json["command"].StringOr(""), json["page"].StringOr(""),
                    json["folder"].StringOr(""), absl::InfinitePast()};
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, json["until"].StringOr(""), &way.until, &error))
    return Unavailable("the daemon's answer does not say until when the workspace is kept");
  return way;
}

Status AskForWay(const TaskArguments& arguments) {
  ASSIGN_OR_RETURN(const ApiClient api, ApiClient::Create(arguments.server));
  const std::string path = Cat("/api/v1/tasks/", arguments.id);
  ASSIGN_OR_RETURN(const HttpAnswer shown, api.Ask("GET", path, ""));
  ASSIGN_OR_RETURN(const std::string text, BodyOf(shown));
  ASSIGN_OR_RETURN(const Json task, Json::Parse(text));
  const std::string id = EscapeControl(task["id"].StringOr(""));
  const std::string named = task["state"].StringOr("");
  const auto state = ParseTaskState(named);
  const bool at_work = !state || !IsTerminal(*state);
  if (at_work && !arguments.take_over) return NeedsTakeOver(id, EscapeControl(named));
  if (at_work) {
    ASSIGN_OR_RETURN(const HttpAnswer ended,
                     api.Ask("POST", Cat(path, "/cancel"), R"({"reason":"taken over"})"));
    RETURN_IF_ERROR(BodyOf(ended).status());
  }
  for (int looks = 0;; ++looks) {
    ASSIGN_OR_RETURN(const HttpAnswer answer, api.Ask("GET", Cat(path, "/workspace"), ""));
    if (answer.status == 404 && at_work && looks < kLooks) {
      std::this_thread::sleep_for(kLook);
      continue;
    }
    ASSIGN_OR_RETURN(const std::string body, BodyOf(answer));
    ASSIGN_OR_RETURN(const KeptElsewhere way, WayFromJson(body));
    return TellWay(id, way);
  }
}

}  // namespace

int TaskShell(const TaskArguments& arguments) {
  if (!arguments.server.url.empty()) {
    const Status told = AskForWay(arguments);
    return told.ok() ? kDone : Complain(told);
  }
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
