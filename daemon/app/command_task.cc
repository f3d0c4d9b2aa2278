#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/agent_record.h"
#include "daemon/pipeline/proof.h"
#include "daemon/pipeline/rungs.h"

namespace regreen {
namespace {

std::string Time(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}
constexpr std::string_view kContinuation = "                                    ";
std::string IsoTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

void WriteTask(const Task& task, JsonWriter& out) {
  out.Field("id", task.id)
      .Field("state", ToString(task.state))
      .Field("template", task.plan.template_name);
  out.Field("stage", ToString(task.plan.stage)).Field("repo", task.incident.run.key.repo);
  out.Field("branch", task.branch).Field("target", task.incident.run.branch);
  out.Field("commit", task.incident.run.commit)
      .Field("signature", task.incident.evidence.signature);
  out.Field("class", ToString(task.incident.evidence.failure_class)).Field("reason", task.reason);
  out.Field("held_back", task.held_back);
  out.Field("attempt", task.attempt).Field("patch_digest", task.patch_digest);
  out.Field("pushed_commit", task.pushed_commit)
      .Field("change", task.change ? task.change->link : "");
  out.Field("spent_usd", task.spent.usd)
      .Field("spent_seconds", absl::ToDoubleSeconds(task.spent.time));
  out.Field("created_at", IsoTime(task.created_at)).Field("updated_at", IsoTime(task.updated_at));
}

void PrintTaskJson(const Task& task, const std::vector<TimelineEntry>& timeline,
                   const std::string& request) {
  JsonWriter out;
  out.BeginObject();
  WriteTask(task, out);
  out.Key("incident");
  WriteJson(task.incident, out);
  out.Key("plan");
  WriteJson(task.plan, out);
  out.Key("timeline").BeginArray();
  for (const TimelineEntry& entry : timeline) {
    out.BeginObject()
        .Field("at", IsoTime(entry.at))
        .Field("kind", entry.kind)
        .Field("message", entry.message)
        .EndObject();
  }
  out.EndArray().Field("request", request).EndObject();
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
  for (const TimelineEntry& entry : timeline) {
    Append(text, "  ", Time(entry.at), "  ", entry.kind,
           std::string(entry.kind.size() < 11 ? 11 - entry.kind.size() : 1, ' '));
    // A selection's reasons are many lines: they stand below their first.
    std::string_view indent;
    for (const std::string_view line : SplitLines(Trim(entry.message))) {
      Append(text, indent, line, "\n");
      indent = kContinuation;
    }
  }
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
      WriteTask(task, out);
      out.EndObject();
      Append(text, task.id, "  ", ToString(task.state),
             std::string(15 - ToString(task.state).size(), ' '), Time(task.updated_at), "  ",
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

int TaskLog(const TaskArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.id));
    if (arguments.json) {
      for (const auto& [label, round] : RoundsOf(task.plan, true)) {
        ASSIGN_OR_RETURN(const std::string events,
                         Made(store, task, AgentEventsName(label, round)));
        PrintOut(events);
      }
      return OkStatus();
    }
    std::vector<std::string> names = {"setup.log", "reproduce.log"};
    for (const auto& [label, round] : RoundsOf(task.plan, false))
      names.push_back(StepLogName(label, round));
    names.push_back("verify.log");
    for (const std::string& name : names) {
      ASSIGN_OR_RETURN(const std::string bytes, Made(store, task, name));
      if (bytes.empty()) continue;
      PrintOut(Cat("==> ", name, "\n", EscapeControlKeepLines(bytes),
                   bytes.ends_with('\n') ? "" : "\n"));
    }
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
      Append(text, Time(decision.at), "  ", decision.kind, "  ",
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
