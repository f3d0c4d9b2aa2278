#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/agent_record.h"
#include "daemon/pipeline/proof.h"
#include "daemon/service/task_json.h"

namespace regreen {
namespace {

void PrintTaskJson(const Task& task, const std::vector<TimelineEntry>& timeline,
                   const std::string& request) {
  JsonWriter out;
  out.BeginObject();
  WriteTaskInFull(task, timeline, out);
  out.Field("request", request).EndObject();
  PrintOut(Cat(out.Take(), "\n"));
}

// "" for a failure that was new.
std::string HistoryLine(const History& history) {
  if (history.seen == 0) return "";
  return Cat("history    seen in ", history.seen, history.seen == 1 ? " run" : " runs", " before; ",
             history.recovered, " recovered at the same commit", history.flaky() ? " (flaky)" : "",
             "; ", history.fixed, " fixed by a merged change\n");
}

// The rounds that agents of the plan may work, as (label, round), in the order of the ladder.
std::vector<std::pair<std::string, int>> RoundsOf(const Plan& plan, bool agents_only) {
  std::vector<std::pair<std::string, int>> rounds;
  const auto add = [&](const std::string& label, const Step& step) {
    if (agents_only && step.kind != StepKind::kAgent) return;
    for (int round = 1; round <= step.rounds; ++round) rounds.emplace_back(label, round);
  };
  for (const Step& step : plan.steps) add(step.name, step);
  for (const ChainLink& link : plan.then) {
    for (const Step& step : link.steps) add(Cat(link.template_name, ".", step.name), step);
  }
  return rounds;
}

// What was made by that name, or "" when nothing was.
StatusOr<std::string> Made(Store& store, const Task& task, const std::string& name) {
  auto bytes = store.ReadArtifact(task.id, name);
  if (bytes.status().code() == StatusCode::kNotFound) return std::string();
  return bytes;
}

// What agents were told, for people; each line as it was.
StatusOr<std::string> Prompts(Store& store, const Task& task) {
  std::string text;
  for (const auto& [label, round] : RoundsOf(task.plan, true)) {
    ASSIGN_OR_RETURN(const std::string prompt, Made(store, task, PromptName(label, round)));
    if (!prompt.empty())
      Append(text, "\nprompt of step ", label, ", round ", round, "\n\n", prompt);
  }
  return text;
}

void PrintTask(const Task& task, const std::vector<TimelineEntry>& timeline,
               const std::string& request, const std::string& prompts) {
  const RunFacts& run = task.incident.run;
  std::string text =
      Cat("task       ", task.id, "\nstate      ", ToString(task.state), " (", task.reason, ")\n");
  Append(text, "template   ", task.plan.template_name, " (", ToString(task.plan.stage), ")\n");
  Append(text, "run        ", ToString(run.key), " ", run.link, "\n");
  Append(text, "commit     ", run.commit, " on ", run.branch, "\n");
  Append(text, "failure    ", ToString(task.incident.evidence.failure_class), ": ",
         task.incident.evidence.signature, "\n");
  text += HistoryLine(task.incident.history);
  Append(text, "command    ", task.plan.verify_command, "\n");
  if (!task.branch.empty())
    Append(text, "branch     ", task.branch, " at ", task.pushed_commit, "\n");
  if (task.spent.usd > 0 || task.spent.time > absl::ZeroDuration()) {
    Append(text, "spent      $", task.spent.usd, ", ",
           absl::FormatDuration(absl::Trunc(task.spent.time, absl::Milliseconds(100))),
           " in workspaces\n");
  }
  if (!task.held_back.empty()) Append(text, "held back  ", task.held_back, "\n");
  if (task.change) Append(text, "change     ", task.change->link, "\n");
  Append(text, "\ntimeline\n");
  for (const TimelineEntry& entry : timeline) text += TimelineText(entry);
  text += prompts;
  if (!request.empty()) Append(text, "\nrequest\n\n", request);
  PrintOut(EscapeControlKeepLines(text));
}

}  // namespace

int TaskList(const TaskArguments& arguments) {
  TaskFilter filter;
  filter.repo = arguments.repo;
  filter.limit = arguments.limit;
  filter.state = ParseTaskState(arguments.state);
  if (!arguments.state.empty() && !filter.state) {
    std::vector<std::string> names;
    for (const TaskState state : AllTaskStates()) names.emplace_back(ToString(state));
    return Complain(Cat("\"", arguments.state, "\" is no state; the states are ", Join(names, ", "),
                        DidYouMean(arguments.state, names)),
                    kUsage);
  }
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(const auto tasks, store.ListTasks(filter));
    JsonWriter out;
    out.BeginObject().Key("tasks").BeginArray();
    std::string text;
    for (const Task& task : tasks) {
      out.BeginObject();
      WriteTaskFields(task, out);
      out.EndObject();
      Append(text, task.id, "  ", ToString(task.state),
             std::string(15 - ToString(task.state).size(), ' '), LocalTime(task.updated_at), "  ",
             task.incident.run.key.repo, "  ", task.plan.template_name, "  ",
             EscapeControl(Truncate(task.incident.evidence.signature, 80)), "\n");
      if (!task.held_back.empty()) Append(text, "    ", task.held_back, "\n");
    }
    out.EndArray().EndObject();
    PrintOut(arguments.json ? Cat(out.Take(), "\n")
             : text.empty() ? "no tasks\n"
                            : EscapeControlKeepLines(text));
    return OkStatus();
  });
}

int TaskShow(const TaskArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.id));
    ASSIGN_OR_RETURN(const auto timeline, store.ReadTimeline(task.id));
    const std::string request =
        store.ReadArtifact(task.id, std::string(kRequestArtifact)).value_or("");
    ASSIGN_OR_RETURN(const std::string prompts, Prompts(store, task));
    arguments.json ? PrintTaskJson(task, timeline, request)
                   : PrintTask(task, timeline, request, prompts);
    return OkStatus();
  });
}

int TaskDiff(const TaskArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.id));
    const auto patch = store.ReadArtifact(task.id, std::string(kPatchArtifact));
    if (!patch.ok())
      return NotFound(Cat("task ", task.id, " has no patch: it is ", ToString(task.state)));
    PrintOut(EscapeControlKeepLines(*patch));
    return OkStatus();
  });
}

int DecisionList(const DecisionArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(const auto decisions, store.ListDecisions(arguments.limit));
    JsonWriter out;
    out.BeginObject().Key("decisions").BeginArray();
    std::string text;
    for (const Decision& decision : decisions) {
      out.BeginObject()
          .Field("at", IsoTime(decision.at))
          .Field("kind", decision.kind)
          .Field("run", decision.run);
      out.Field("delivery", decision.delivery_key)
          .Field("task", decision.task_id)
          .Field("reason", decision.reason);
      out.EndObject();
      Append(text, LocalTime(decision.at), "  ", decision.kind, "  ",
             decision.run.empty() ? decision.delivery_key : decision.run,
             decision.task_id.empty() ? "" : Cat("  task ", decision.task_id), "\n    ",
             decision.reason, "\n");
    }
    out.EndArray().EndObject();
    PrintOut(arguments.json ? Cat(out.Take(), "\n")
             : text.empty() ? "no decisions\n"
                            : EscapeControlKeepLines(text));
    return OkStatus();
  });
}

}  // namespace regreen
