// Plans as they are kept with their tasks. What an older version did not write keeps its default.
#include "daemon/base/text.h"
#include "daemon/base/toml.h"
#include "daemon/domain/plan.h"

namespace regreen {
namespace {

absl::Duration ReadDuration(const Json& json, absl::Duration fallback) {
  return ParseDuration(json.StringOr("")).value_or(fallback);
}

int ReadInt(const Json& json, int fallback) {
  return static_cast<int>(json.IntOr(fallback));
}

void WriteJson(const StepWhen& when, JsonWriter& out) {
  out.BeginObject().Field("class", when.classes).Field("max_run_attempt", when.max_run_attempt);
  out.Key("after").BeginArray();
  for (const StepOutcome outcome : when.after) out.String(ToString(outcome));
  out.EndArray().EndObject();
}

StepWhen WhenFromJson(const Json& json) {
  StepWhen when;
  when.classes = json["class"].Strings();
  when.max_run_attempt = ReadInt(json["max_run_attempt"], 0);
  for (const Json& name : json["after"].Elements()) {
    if (const auto outcome = ParseStepOutcome(name.StringOr(""))) when.after.push_back(*outcome);
  }
  return when;
}

void WriteInputs(const std::vector<PlanInput>& inputs, JsonWriter& out) {
  out.Key("inputs").BeginArray();
  for (const PlanInput& input : inputs) {
    out.BeginObject().Field("name", input.name).Field("value", input.value);
    out.Field("trusted", input.trusted).Field("origin", input.origin).EndObject();
  }
  out.EndArray();
}

std::vector<PlanInput> InputsFromJson(const Json& json) {
  std::vector<PlanInput> inputs;
  for (const Json& input : json.Elements()) {
    inputs.push_back({input["name"].StringOr(""), input["value"].StringOr(""),
                      input["trusted"].BoolOr(false), input["origin"].StringOr("")});
  }
  return inputs;
}

void WriteFromOutputs(const FromOutputs& pairs, JsonWriter& out) {
  out.Key("from_outputs").BeginArray();
  for (const auto& [input, output] : pairs)
    out.BeginObject().Field("input", input).Field("output", output).EndObject();
  out.EndArray();
}

FromOutputs FromOutputsFromJson(const Json& json) {
  FromOutputs pairs;
  for (const Json& pair : json.Elements())
    pairs.emplace_back(pair["input"].StringOr(""), pair["output"].StringOr(""));
  return pairs;
}

void WriteSteps(const std::vector<Step>& steps, JsonWriter& out) {
  out.Key("steps").BeginArray();
  for (const Step& step : steps) {
    out.BeginObject().Field("name", step.name).Field("kind", ToString(step.kind));
    out.Field("run", step.run).Field("timeout", absl::FormatDuration(step.timeout));
    out.Key("when");
    WriteJson(step.when, out);
    out.Field("agent", step.agent).Field("text", step.text).Field("rounds", step.rounds);
    out.Field("max_usd", step.max_usd).Field("times", step.times);
    out.Field("delay", absl::FormatDuration(step.delay));
    out.Field("report", step.report == ReportKind::kIssue ? "issue" : "comment");
    out.Field("source", step.source);
    WriteInputs(step.inputs, out);
    WriteFromOutputs(step.from_outputs, out);
    out.EndObject();
  }
  out.EndArray();
}

// An unknown kind is of a newer version: to run it as another kind would do the wrong thing.
StatusOr<std::vector<Step>> StepsFromJson(const Json& json) {
  std::vector<Step> steps;
  for (const Json& from : json.Elements()) {
    Step step;
    const auto kind = ParseStepKind(from["kind"].StringOr("run"));
    if (!kind) {
      return InvalidArgument(Cat("the plan has a step of kind ", from["kind"].StringOr(""),
                                 ", which this version does not know"));
    }
    step.kind = *kind;
    step.name = from["name"].StringOr("");
    step.run = from["run"].StringOr("");
    step.timeout = ReadDuration(from["timeout"], step.timeout);
    step.when = WhenFromJson(from["when"]);
    step.agent = from["agent"].StringOr("");
    step.text = from["text"].StringOr("");
    step.rounds = ReadInt(from["rounds"], step.rounds);
    step.max_usd = from["max_usd"].Number().value_or(0);
    step.times = ReadInt(from["times"], step.times);
    step.delay = ReadDuration(from["delay"], step.delay);
    step.report =
        from["report"].StringOr("") == "issue" ? ReportKind::kIssue : ReportKind::kComment;
    step.source = from["source"].StringOr("");
    step.inputs = InputsFromJson(from["inputs"]);
    step.from_outputs = FromOutputsFromJson(from["from_outputs"]);
    steps.push_back(std::move(step));
  }
  return steps;
}

void WriteThen(const std::vector<ChainLink>& then, JsonWriter& out) {
  out.Key("then").BeginArray();
  for (const ChainLink& link : then) {
    out.BeginObject().Field("template", link.template_name).Field("setup", link.setup);
    WriteSteps(link.steps, out);
    WriteInputs(link.inputs, out);
    WriteFromOutputs(link.from_outputs, out);
    out.EndObject();
  }
  out.EndArray();
}

StatusOr<std::vector<ChainLink>> ThenFromJson(const Json& json) {
  std::vector<ChainLink> then;
  for (const Json& from : json.Elements()) {
    ChainLink link;
    link.template_name = from["template"].StringOr("");
    link.setup = from["setup"].Strings();
    ASSIGN_OR_RETURN(link.steps, StepsFromJson(from["steps"]));
    link.inputs = InputsFromJson(from["inputs"]);
    link.from_outputs = FromOutputsFromJson(from["from_outputs"]);
    then.push_back(std::move(link));
  }
  return then;
}

void WriteNeeds(const Needs& needs, JsonWriter& out) {
  out.Key("needs").BeginObject().Field("tools", needs.tools).Field("cpu", needs.cpu);
  out.Field("memory_bytes", needs.memory_bytes).Field("network", needs.network).EndObject();
}

Needs NeedsFromJson(const Json& json) {
  return {json["tools"].Strings(), ReadInt(json["cpu"], 0), json["memory_bytes"].IntOr(0),
          json["network"].Strings()};
}

void ReadVerify(const Json& json, Plan& plan) {
  plan.verify_command = json["verify_command"].StringOr("");
  plan.verify_directory = json["verify_directory"].StringOr("");
  plan.verify_runs = ReadInt(json["verify_runs"], plan.verify_runs);
  plan.verify_timeout = ReadDuration(json["verify_timeout"], plan.verify_timeout);
}

void ReadGuardAndChange(const Json& json, Plan& plan) {
  plan.guard_paths = json["guard_paths"].Strings();
  plan.guard_allow = json["guard_allow"].Strings();
  plan.guard_max_files = ReadInt(json["guard_max_files"], plan.guard_max_files);
  plan.guard_max_lines = ReadInt(json["guard_max_lines"], plan.guard_max_lines);
  plan.patch_max_bytes = json["patch_max_bytes"].IntOr(0);
  plan.change_title = json["change_title"].StringOr("");
  plan.change_body = json["change_body"].StringOr("");
  plan.change_labels = json["change_labels"].Strings();
  plan.change_target = json["change_target"].StringOr("");
  plan.auto_merge = json["auto_merge"].BoolOr(false);
  plan.hold = json["hold"].BoolOr(false);
  plan.review = json["review"].BoolOr(false);
}

}  // namespace

void WriteJson(const Plan& plan, JsonWriter& out) {
  out.BeginObject();
  out.Field("template", plan.template_name).Field("title", plan.title);
  out.Field("policy_digest", plan.policy_digest).Field("stage", ToString(plan.stage));
  out.Field("workspace", plan.workspace).Field("setup", plan.setup);
  out.Field("setup_timeout", absl::FormatDuration(plan.setup_timeout));
  WriteNeeds(plan.needs, out);
  WriteSteps(plan.steps, out);
  WriteThen(plan.then, out);
  out.Field("verify_command", plan.verify_command).Field("verify_directory", plan.verify_directory);
  out.Field("verify_runs", plan.verify_runs)
      .Field("verify_timeout", absl::FormatDuration(plan.verify_timeout));
  out.Field("guard_paths", plan.guard_paths).Field("guard_max_files", plan.guard_max_files);
  out.Field("guard_max_lines", plan.guard_max_lines).Field("guard_allow", plan.guard_allow);
  out.Field("patch_max_bytes", plan.patch_max_bytes);
  out.Field("change_title", plan.change_title).Field("change_body", plan.change_body);
  out.Field("change_labels", plan.change_labels).Field("change_target", plan.change_target);
  out.Field("auto_merge", plan.auto_merge).Field("hold", plan.hold).Field("review", plan.review);
  WriteInputs(plan.inputs, out);
  out.Key("outputs").BeginArray();
  for (const ValueSpec& output : plan.outputs) WriteJson(output, out);
  out.EndArray().Key("limits");
  WriteJson(plan.limits, out);
  out.EndObject();
}

StatusOr<Plan> PlanFromJson(const Json& json) {
  const Plan defaults;
  Plan plan;
  ASSIGN_OR_RETURN(const std::string_view name, json["template"].String());
  plan.template_name = name;
  plan.title = json["title"].StringOr("");
  plan.policy_digest = json["policy_digest"].StringOr("");
  const auto stage = ParseStage(json["stage"].StringOr(""));
  if (!stage)
    return InvalidArgument(Cat("the plan of ", name, " has no stage that this version knows"));
  plan.stage = *stage;
  plan.workspace = json["workspace"].StringOr("");
  plan.needs = NeedsFromJson(json["needs"]);
  plan.setup = json["setup"].Strings();
  plan.setup_timeout = ReadDuration(json["setup_timeout"], defaults.setup_timeout);
  ASSIGN_OR_RETURN(plan.steps, StepsFromJson(json["steps"]));
  ASSIGN_OR_RETURN(plan.then, ThenFromJson(json["then"]));
  ReadVerify(json, plan);
  ReadGuardAndChange(json, plan);
  plan.inputs = InputsFromJson(json["inputs"]);
  for (const Json& output : json["outputs"].Elements())
    plan.outputs.push_back(ValueSpecFromJson(output));
  plan.limits = LimitsFromJson(json["limits"]);
  return plan;
}

}  // namespace regreen
