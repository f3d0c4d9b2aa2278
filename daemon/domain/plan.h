// A plan is a template made definite for one incident: what is to be done, with every value
// resolved. It is kept with the task, so that a task ends under the policy that it was selected
// under.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/json.h"
#include "daemon/base/status.h"

namespace regreen {

enum class Stage { kDraft, kShadow, kSuggest, kAuto, kRetired };
std::string_view ToString(Stage stage);
std::optional<Stage> ParseStage(std::string_view name);

// A rung of the ladder.
struct Step {
  std::string name;
  std::string run;  // a shell command (the only kind so far)
  absl::Duration timeout = absl::Minutes(10);
};

struct Plan {
  std::string template_name;
  std::string title;          // of the template, for people
  std::string policy_digest;  // of the policy set it was selected under
  Stage stage = Stage::kSuggest;

  std::string workspace;  // kind by config name; empty: the default
  std::vector<std::string> setup;
  absl::Duration setup_timeout = absl::Minutes(10);
  std::vector<Step> steps;

  std::string verify_command;    // resolved: never "auto"
  std::string verify_directory;  // below the tree, "" for its root
  int verify_runs = 1;
  absl::Duration verify_timeout = absl::Minutes(10);

  std::vector<std::string> guard_paths;  // globs; empty: any path not protected
  int guard_max_files = 20;
  int guard_max_lines = 1000;

  std::string change_title, change_body;  // body: an addition by the template, may be empty
  std::vector<std::string> change_labels;
  std::string change_target;  // branch; empty: the run's

  // Inputs, given to every command as environment REGREEN_INPUT_<NAME>. Values are untrusted.
  std::vector<std::pair<std::string, std::string>> inputs;
};

void WriteJson(const Plan& plan, JsonWriter& out);
StatusOr<Plan> PlanFromJson(const Json& json);

}  // namespace regreen
