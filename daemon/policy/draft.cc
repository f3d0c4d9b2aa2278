#include "daemon/policy/draft.h"

#include <algorithm>
#include <map>

#include "daemon/base/text.h"
#include "daemon/base/toml.h"
#include "daemon/policy/glob.h"
#include "daemon/policy/input_sources.h"
#include "daemon/policy/plan_inputs.h"
#include "daemon/policy/texts.h"
#include "daemon/policy/written.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestTitle = 200;
constexpr std::size_t kMostGuardPaths = 50;

// Text that was rendered says nothing as a template: there is no tag in it.
std::string WithoutTags(std::string text) {
  for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at + 1))
    text.insert(at + 1, " ");
  return text;
}

std::string OneLine(std::string_view text, std::size_t longest) {
  return Truncate(WithoutTags(EscapeControl(Trim(text))), longest);
}

bool IsGlobFree(std::string_view name) {
  return !name.empty() && name.find_first_of("*?") == std::string_view::npos &&
         GlobMistake(name, false).empty();
}

class Writer {
 public:
  Writer(const Task& task, const DraftOptions& options)
      : task_(task), plan_(task.plan), options_(options) {}

  StatusOr<Draft> Write() {
    Head();
    Match();
    Inputs();
    Outputs();
    Workspace();
    for (const Step& step : plan_.steps) RETURN_IF_ERROR(WriteStep(step));
    Verify();
    Guard();
    if (!plan_.change_labels.empty()) {
      Section("change");
      Line("labels", List(plan_.change_labels));
    }
    draft_.source.file = Cat(options_.name, ".toml");
    draft_.source.text = std::move(out_);
    return std::move(draft_);
  }

 private:
  void Section(std::string_view name) { Append(out_, "\n[", name, "]\n"); }
  void Line(std::string_view key, std::string_view value) { Append(out_, key, " = ", value, "\n"); }
  void Comment(std::string_view text) { Append(out_, "# ", text, "\n"); }

  void Head() {
    Comment(Cat("From the task ", task_.id, "; look at each line before you set another stage."));
    Line("name", TomlQuote(options_.name));
    const std::string title = OneLine(plan_.title, kLongestTitle);
    if (!title.empty()) Line("title", TomlQuote(title));
    Line("stage", "\"draft\"");
    if (plan_.hold) Line("hold", "true");
    if (plan_.review) Line("review", "true");
    std::vector<std::string> then;
    for (const ChainLink& link : plan_.then) {
      if (options_.templates.contains(link.template_name)) {
        then.push_back(link.template_name);
      } else {
        Comment(Cat("It went on with the template ", OneLine(link.template_name, 60),
                    ", which there is no more."));
      }
    }
    if (!then.empty()) Line("then", List(then));
  }

  void Match() {
    const Evidence& evidence = task_.incident.evidence;
    const std::string& repo = task_.incident.run.key.repo;
    Section("match");
    if (evidence.failure_class != FailureClass::kNone)
      Line("class", TomlQuote(ToString(evidence.failure_class)));
    if (IsGlobFree(evidence.rule)) {
      Line("rule", TomlQuote(evidence.rule));
    } else if (IsGlobFree(evidence.tool)) {
      Line("tool", TomlQuote(evidence.tool));
    }
    const std::string command = PatternFor(evidence.command, repo);
    if (!command.empty()) return Line("command", List({command}));
    for (const EvidenceLine& line : evidence.lines) {
      const std::string pattern = line.role == "primary" ? PatternFor(line.text, repo) : "";
      if (!pattern.empty()) return Line("log", List({pattern}));
    }
    Comment("Nothing else tells this failure from others: add what its log shows.");
  }

  void Inputs() {
    std::map<std::string, std::string> written;  // name → its table
    // What a step before writes goes before the value that there was in the end.
    for (const Step& step : plan_.steps) {
      for (const auto& [input, output] : step.from_outputs) {
        const std::string name = Lower(input);
        if (IsFree(name))
          written.emplace(name, Cat("type = \"string\", from = ", TomlQuote("outputs." + output)));
      }
    }
    const auto add = [&](const std::vector<PlanInput>& inputs) {
      for (const PlanInput& input : inputs) {
        const std::string name = Lower(input.name);
        if (IsFree(name) && !IsOfEveryFailure(input)) written.emplace(name, InputTable(input));
      }
    };
    add(plan_.inputs);
    for (const Step& step : plan_.steps) add(step.inputs);
    if (!written.empty()) Section("inputs");
    for (const auto& [name, table] : written) Line(name, Cat("{ ", table, " }"));
  }

  static bool IsFree(const std::string& name) {
    return IsValueName(name) && name != "directory" && name != "files" && !IsTextVariable(name);
  }
  // COMMAND, DIRECTORY, FILES and the captures of the log's rule: every command has them anyway.
  bool IsOfEveryFailure(const PlanInput& input) const {
    if (input.origin == "failure") return true;
    if (!input.origin.starts_with("log.")) return false;
    const std::string capture = input.origin.substr(4);
    return task_.incident.evidence.captures.contains(capture) && InputName(capture) == input.name;
  }

  static std::string InputTable(const PlanInput& input) {
    const auto source = ParseInputSource(input.origin);
    if (source.ok()) {
      return Cat("type = ", source->list ? "\"list\"" : "\"string\"",
                 ", from = ", TomlQuote(input.origin));
    }
    // Given by hand, by a template that used it, or a default.
    if (!input.trusted) return "type = \"string\", trust = \"untrusted\"";
    const bool lines = input.value.find('\n') != std::string::npos;
    if (!lines) return Cat("type = \"string\", default = ", TomlQuote(input.value));
    std::vector<std::string> elements;
    for (const std::string_view line : SplitLines(input.value)) elements.emplace_back(line);
    return Cat("type = \"list\", default = ", List(elements));
  }

  void Outputs() {
    for (const ValueSpec& output : plan_.outputs) {
      Section(Cat("outputs.", output.name));
      Line("type", TomlQuote(ToString(output.type)));
      if (!output.choices.empty()) Line("choices", List(output.choices));
      if (!output.pattern.empty()) Line("pattern", TomlString(output.pattern));
      Line("max_bytes", Cat(output.max_bytes));
    }
    if (plan_.patch_max_bytes == 0) return;
    Section("outputs.patch");
    Line("type", "\"patch\"");
    Line("max_bytes", Cat(plan_.patch_max_bytes));
  }

  void Workspace() {
    Section("workspace");
    if (!plan_.workspace.empty()) Line("use", TomlQuote(plan_.workspace));
    if (!plan_.setup.empty()) Line("setup", List(plan_.setup));
    Line("timeout", Length(plan_.setup_timeout));
    if (!plan_.needs.tools.empty()) Line("tools", List(plan_.needs.tools));
    if (plan_.needs.cpu > 0) Line("cpu", Cat(plan_.needs.cpu));
    if (const std::int64_t bytes = plan_.needs.memory_bytes; bytes > 0)
      Line("memory", TomlQuote(Cat((bytes + 1023) / 1024, "KiB")));
    if (!plan_.needs.network.empty()) Line("network", List(plan_.needs.network));
  }

  Status WriteStep(const Step& step) {
    out_ += "\n[[step]]\n";
    const std::string name = OneLine(step.name, kLongestTitle);
    if (!name.empty()) Line("name", TomlQuote(name));
    switch (step.kind) {
      case StepKind::kRun:
        if (step.run.find("{{") != std::string::npos) {
          return FailedPrecondition(Cat("the step \"", name,
                                        "\" runs a command with \"{{\", which begins a tag in a "
                                        "template: put the command into a script"));
        }
        Line("run", TomlString(step.run));
        Line("timeout", Length(step.timeout));
        break;
      case StepKind::kRerun:
        Line("rerun", Cat(step.times));
        Line("delay", Length(step.delay));
        break;
      case StepKind::kAgent:
        Agent(step);
        break;
      case StepKind::kGiven:
        return FailedPrecondition(
            "a person repaired it by hand: write what they did as a command or a prompt");
      case StepKind::kReport:
        Comment(
            "The text as it was for the one failure; {{signature}} and the like say it of any.");
        Line("report", step.report == ReportKind::kIssue ? "\"issue\"" : "\"comment\"");
        Line("text", TomlString(WithoutTags(step.text)));
        break;
    }
    When(step.when);
    return OkStatus();
  }

  void Agent(const Step& step) {
    const std::size_t number = draft_.prompts.size() + 1;
    const std::string file =
        Cat("prompts/", options_.name, number > 1 ? Cat("-", number) : "", ".md");
    draft_.prompts.push_back({file, WithoutTags(step.text), file});
    Comment("The prompt as it was for the one failure; {{evidence}} and the like say it of any.");
    Line("agent", TomlQuote(step.agent));
    Line("prompt", TomlQuote(file));
    Line("rounds", Cat(step.rounds));
    if (step.max_usd > 0) Line("max_cost_usd", Cat(step.max_usd));
    Line("timeout", Length(step.timeout));
  }

  void When(const StepWhen& when) {
    std::vector<std::string> parts, after;
    if (!when.classes.empty()) parts.push_back(Cat("class = ", List(when.classes)));
    if (when.max_run_attempt > 0) parts.push_back(Cat("max_run_attempt = ", when.max_run_attempt));
    for (const StepOutcome outcome : when.after) after.emplace_back(ToString(outcome));
    if (!after.empty()) parts.push_back(Cat("after = ", List(after)));
    if (!parts.empty()) Line("when", Cat("{ ", Join(parts, ", "), " }"));
  }

  void Verify() {
    if (plan_.verify_command.empty()) return;
    Section("verify");
    const Evidence& evidence = task_.incident.evidence;
    const bool same = plan_.verify_command == evidence.command;
    Line("command", same ? "\"auto\"" : TomlString(plan_.verify_command));
    if (!plan_.verify_directory.empty() && !(same && plan_.verify_directory == evidence.directory))
      Line("directory", TomlQuote(plan_.verify_directory));
    Line("runs", Cat(plan_.verify_runs));
    Line("timeout", Length(plan_.verify_timeout));
  }

  void Guard() {
    std::vector<std::string> paths = plan_.guard_paths;
    const bool from_patch = paths.empty();
    if (from_patch) paths = options_.changed_files;
    std::erase_if(paths, [](const std::string& path) { return !GlobMistake(path, true).empty(); });
    if (paths.size() > kMostGuardPaths) paths.clear();
    Section("guard");
    if (!paths.empty()) {
      if (from_patch) Comment("What its patch changed; a glob takes in what the next one will.");
      Line("paths", List(paths));
    }
    Line("max_files", Cat(plan_.guard_max_files));
    Line("max_lines", Cat(plan_.guard_max_lines));
  }

  const Task& task_;
  const Plan& plan_;
  const DraftOptions& options_;
  Draft draft_;
  std::string out_;
};

}  // namespace

StatusOr<Draft> DraftTemplate(const Task& task, const DraftOptions& options) {
  return Writer(task, options).Write();
}

}  // namespace regreen
