#include "daemon/policy/plan_builder.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/placeholders.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestInput = 4 << 10;
constexpr std::size_t kLongestFiles = 64 << 10;
constexpr std::size_t kMostInputs = 64;
constexpr std::size_t kLongestTitle = 240;  // GitHub refuses titles beyond 256

std::string InputName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return out;
}

// The bytes of an environment variable: no NUL, no terminal controls, no broken UTF-8.
std::string InputValue(std::string_view untrusted, std::size_t longest) {
  std::string out = ToValidUtf8(Truncate(untrusted, longest));
  std::erase_if(out, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
  });
  return out;
}

bool StaysBelowTheTree(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.front() == '-') return false;
  if (EscapeControl(path) != path) return false;
  const auto parts = Split(path, '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part == ".." || part == ".git" || part.empty();
  });
}

std::string FilesOf(const Evidence& evidence) {
  std::vector<std::string> files;
  std::size_t bytes = 0;
  for (const Diagnostic& diagnostic : evidence.diagnostics) {
    std::string_view file = diagnostic.file;
    if (file.starts_with("./")) file.remove_prefix(2);
    bytes += file.size() + 1;
    if (bytes > kLongestFiles) break;
    if (StaysBelowTheTree(file)) files.emplace_back(file);
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return Join(files, "\n");
}

std::vector<PlanInput> InputsOf(const Incident& incident, const SelectOptions& options,
                                const Captures& captures) {
  std::map<std::string, std::string> inputs;
  if (!options.command.empty())
    inputs.emplace("COMMAND", InputValue(options.command, kLongestInput));
  inputs.emplace("DIRECTORY", InputValue(options.directory, kLongestInput));
  inputs.emplace("FILES", FilesOf(incident.evidence));
  for (const Captures* source : {&captures, &incident.evidence.captures}) {
    for (const auto& [name, value] : *source) {
      if (inputs.size() >= kMostInputs) break;
      inputs.emplace(InputName(name), InputValue(value, kLongestInput));
    }
  }
  std::vector<PlanInput> out;
  for (auto& [name, value] : inputs) out.push_back({name, std::move(value)});
  return out;
}

}  // namespace

StatusOr<Plan> BuildPlan(const Template& chosen, const Incident& incident,
                         const SelectOptions& options, const Captures& captures,
                         const std::string& policy_digest) {
  Plan plan;
  plan.template_name = chosen.name;
  plan.title = chosen.title;
  plan.policy_digest = policy_digest;
  plan.stage = chosen.stage;
  plan.workspace = chosen.workspace;
  plan.setup = chosen.setup;
  plan.setup_timeout = chosen.setup_timeout;
  plan.steps = chosen.steps;
  const bool automatic = chosen.verify_command == "auto";
  plan.verify_command = automatic ? options.command : chosen.verify_command;
  plan.verify_directory =
      automatic && chosen.verify_directory.empty() ? options.directory : chosen.verify_directory;
  plan.verify_runs = chosen.verify_runs;
  plan.verify_timeout = chosen.verify_timeout;
  plan.guard_paths = chosen.guard_paths;
  plan.guard_max_files = chosen.guard_max_files;
  plan.guard_max_lines = chosen.guard_max_lines;
  const PlaceholderValues values = ValuesOf(incident);
  plan.change_title = Truncate(FillPlaceholders(chosen.change_title, values), kLongestTitle);
  plan.change_body = FillPlaceholders(chosen.change_body, values);
  plan.change_labels = chosen.change_labels;
  plan.change_target = chosen.change_target;
  plan.inputs = InputsOf(incident, options, captures);
  return plan;
}

}  // namespace regreen
