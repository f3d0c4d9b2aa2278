#include "daemon/domain/plan.h"

#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/toml.h"

namespace regreen {
namespace {

constexpr std::pair<Stage, std::string_view> kStages[] = {
    {Stage::kDraft, "draft"}, {Stage::kShadow, "shadow"},   {Stage::kSuggest, "suggest"},
    {Stage::kAuto, "auto"},   {Stage::kRetired, "retired"},
};

absl::Duration ReadDuration(const Json& json, absl::Duration fallback) {
  return ParseDuration(json.StringOr("")).value_or(fallback);
}

}  // namespace

std::string_view ToString(Stage stage) {
  return kStages[static_cast<std::size_t>(stage)].second;
}

std::optional<Stage> ParseStage(std::string_view name) {
  for (const auto& [stage, text] : kStages) {
    if (text == name) return stage;
  }
  return std::nullopt;
}

void WriteJson(const Plan& plan, JsonWriter& out) {
  out.BeginObject();
  out.Field("template", plan.template_name).Field("title", plan.title);
  out.Field("policy_digest", plan.policy_digest).Field("stage", ToString(plan.stage));
  out.Field("workspace", plan.workspace).Field("setup", plan.setup);
  out.Field("setup_timeout", absl::FormatDuration(plan.setup_timeout));
  out.Key("steps").BeginArray();
  for (const Step& step : plan.steps) {
    out.BeginObject().Field("name", step.name).Field("run", step.run);
    out.Field("timeout", absl::FormatDuration(step.timeout)).EndObject();
  }
  out.EndArray();
  out.Field("verify_command", plan.verify_command).Field("verify_directory", plan.verify_directory);
  out.Field("verify_runs", plan.verify_runs)
      .Field("verify_timeout", absl::FormatDuration(plan.verify_timeout));
  out.Field("guard_paths", plan.guard_paths).Field("guard_max_files", plan.guard_max_files);
  out.Field("guard_max_lines", plan.guard_max_lines);
  out.Field("change_title", plan.change_title).Field("change_body", plan.change_body);
  out.Field("change_labels", plan.change_labels).Field("change_target", plan.change_target);
  out.Key("inputs").BeginArray();
  for (const auto& [name, value] : plan.inputs) {
    out.BeginObject().Field("name", name).Field("value", value).EndObject();
  }
  out.EndArray();
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
  plan.setup = json["setup"].Strings();
  plan.setup_timeout = ReadDuration(json["setup_timeout"], defaults.setup_timeout);
  for (const Json& step : json["steps"].Elements()) {
    plan.steps.push_back({step["name"].StringOr(""), step["run"].StringOr(""),
                          ReadDuration(step["timeout"], Step().timeout)});
  }
  plan.verify_command = json["verify_command"].StringOr("");
  plan.verify_directory = json["verify_directory"].StringOr("");
  plan.verify_runs = static_cast<int>(json["verify_runs"].IntOr(defaults.verify_runs));
  plan.verify_timeout = ReadDuration(json["verify_timeout"], defaults.verify_timeout);
  plan.guard_paths = json["guard_paths"].Strings();
  plan.guard_max_files = static_cast<int>(json["guard_max_files"].IntOr(defaults.guard_max_files));
  plan.guard_max_lines = static_cast<int>(json["guard_max_lines"].IntOr(defaults.guard_max_lines));
  plan.change_title = json["change_title"].StringOr("");
  plan.change_body = json["change_body"].StringOr("");
  plan.change_labels = json["change_labels"].Strings();
  plan.change_target = json["change_target"].StringOr("");
  for (const Json& input : json["inputs"].Elements()) {
    plan.inputs.emplace_back(input["name"].StringOr(""), input["value"].StringOr(""));
  }
  return plan;
}

}  // namespace regreen
