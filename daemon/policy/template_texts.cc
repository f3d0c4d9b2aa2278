// The text templates of a template: titles, bodies, reports, commands, prompts, and what it gives
// to the templates that it uses.
#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/template_reader.h"
#include "daemon/policy/texts.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestPrompt = 64 << 10;
constexpr std::string_view kPrompts = "prompts/";

void Check(const Template& t, TextKind kind, const std::string& text, const Position& where,
           Problems& problems) {
  for (const TextMistake& mistake : TextMistakes(kind, text, t.inputs))
    problems.Error(where, mistake.message);
}

// A prompt's own lines are told, with whose inputs they do not fit.
void CheckPrompt(const Template& t, const TemplateStep& step, Problems& problems) {
  for (const TextMistake& mistake : TextMistakes(TextKind::kPrompt, step.text, t.inputs)) {
    const std::string_view before = std::string_view(step.text).substr(0, mistake.at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t begin =
        before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    problems.Error(
        {step.prompt_file, static_cast<int>(line), static_cast<int>(before.size() - begin) + 1},
        Cat(mistake.message, " (as the prompt of template \"", t.name, "\")"));
  }
}

// Commands that are no text templates, where somebody took them for some.
void CheckPlain(const Template& t, std::string_view command, std::string_view path,
                Problems& problems) {
  for (const InputSpec& input : t.inputs) {
    if (command.find(Cat("{{", input.value.name, "}}")) == std::string_view::npos) continue;
    problems.Error(PlaceOf(t, path),
                   Cat("{{", input.value.name, "}} stands in \"run\" only: read \"$",
                       InputVariable(input.value.name), "\" here"));
  }
}

std::string PathMistake(std::string_view path) {
  if (!path.starts_with(kPrompts)) return "must lie below prompts/";
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == "." || part == "..") return "must be a plain path below prompts/";
  }
  return "";
}

void ReadPrompt(const std::map<std::string, const PolicySource*>& prompts, TemplateStep& step,
                Problems& problems) {
  const std::string mistake = PathMistake(step.prompt);
  if (!mistake.empty()) {
    problems.Error(step.text_where, Cat("the prompt ", TomlQuote(step.prompt), " ", mistake));
    return;
  }
  const auto found = prompts.find(step.prompt);
  if (found == prompts.end()) {
    std::vector<std::string> names;
    for (const auto& [name, source] : prompts) names.push_back(name);
    problems.Error(step.text_where, Cat("there is no prompt ", TomlQuote(step.prompt),
                                        DidYouMean(step.prompt, names)));
    return;
  }
  const PolicySource& source = *found->second;
  step.prompt_file = source.file;
  step.text = source.text;
  if (Trim(source.text).empty()) problems.Error({source.file, 0, 0}, "the prompt is empty");
  if (source.text.size() > kLongestPrompt)
    problems.Error({source.file, 0, 0},
                   Cat("the prompt is longer than ", kLongestPrompt, " bytes"));
  if (!IsValidUtf8(source.text)) problems.Error({source.file, 0, 0}, "the prompt is not UTF-8");
}

}  // namespace

void ReadPrompts(Template& t, const std::map<std::string, const PolicySource*>& prompts,
                 Problems& problems) {
  for (TemplateStep& step : t.steps) {
    if (step.kind == StepKind::kAgent && !step.prompt.empty()) ReadPrompt(prompts, step, problems);
  }
}

void CheckTexts(const Template& t, Problems& problems) {
  const bool titled = std::any_of(t.values.begin(), t.values.end(), [](const TomlValue& value) {
    return value.path == "change.title";
  });
  Check(t, TextKind::kTitle, t.change_title, PlaceOf(t, titled ? "change.title" : "title"),
        problems);
  Check(t, TextKind::kBody, t.change_body, PlaceOf(t, "change.body"), problems);
  CheckPlain(t, t.verify_command, "verify.command", problems);
  for (const std::string& command : t.setup) CheckPlain(t, command, "workspace.setup", problems);
  for (const TemplateStep& step : t.steps) {
    if (!step.use.empty()) {
      for (const auto& [name, text] : step.use_inputs)
        Check(t, TextKind::kInput, text, step.text_where, problems);
    } else if (step.kind == StepKind::kRun) {
      Check(t, TextKind::kCommand, step.run, step.text_where, problems);
    } else if (step.kind == StepKind::kReport) {
      Check(t, TextKind::kReport, step.text, step.text_where, problems);
    } else if (step.kind == StepKind::kAgent) {
      CheckPrompt(t, step, problems);
    }
  }
}

}  // namespace regreen
