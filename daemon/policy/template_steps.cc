// [[step]]: the ladder of a template.
#include <algorithm>
#include <array>

#include "daemon/base/text.h"
#include "daemon/policy/input_sources.h"
#include "daemon/policy/template_reader.h"

namespace regreen {
namespace {

constexpr std::size_t kMostSteps = 20;
constexpr std::size_t kLongestReport = 16 << 10;
constexpr std::size_t kLongestPath = 200;

struct KeyOfKind {
  std::string_view key;
  std::array<std::string_view, 2> kinds;  // of a step that has one of these keys
};
constexpr std::array<KeyOfKind, 7> kKeysOfKinds = {{{"timeout", {"run", "agent"}},
                                                    {"delay", {"rerun", ""}},
                                                    {"prompt", {"agent", ""}},
                                                    {"rounds", {"agent", ""}},
                                                    {"max_cost_usd", {"agent", ""}},
                                                    {"text", {"report", ""}},
                                                    {"inputs", {"use", ""}}}};

// The one key that says of which kind the step is; "" after a mistake.
std::string_view KindKey(TomlTable& table) {
  constexpr std::string_view keys[] = {"run", "rerun", "agent", "report", "use"};
  std::string_view found;
  for (const std::string_view key : keys) {
    if (!table.Has(key)) continue;
    if (!found.empty()) {
      table.Error(
          key, Cat("a step does one thing: this one has both \"", found, "\" and \"", key, "\""));
      return {};
    }
    found = key;
  }
  if (found.empty())
    table.Error("run", "a step needs \"run\", \"rerun\", \"agent\", \"report\" or \"use\"");
  return found;
}

// Keys that belong to another kind. All are known from then on.
void CheckKeys(TomlTable& table, std::string_view kind) {
  for (const auto& [key, kinds] : kKeysOfKinds) {
    if (!table.Has(key) || kind.empty() || kinds[0] == kind || kinds[1] == kind) continue;
    table.Error(key, Cat("\"", key, "\" belongs to a step with \"", kinds[0],
                         kinds[1].empty() ? "" : "\" or \"", kinds[1], "\", and this one has \"",
                         kind, "\""));
  }
}

void ReadWhen(TomlTable& step, TemplateStep& out) {
  auto table = step.Table("when");
  if (!table) return;
  out.when_where = step.where("when");
  if (const auto classes = table->Strings("class")) {
    for (const std::string& name : *classes) {
      if (!ParseFailureClass(name))
        table->Error("class",
                     Cat("unknown class ", TomlQuote(name), DidYouMean(name, FailureClassNames())));
    }
    if (classes->empty()) table->Error("class", "\"class\" is an empty list: leave it out");
    out.when.classes = *classes;
  }
  ReadNumber(*table, "max_run_attempt", 1, 1000, out.when.max_run_attempt);
  if (const auto after = table->Strings("after")) {
    if (after->empty()) table->Error("after", "\"after\" is an empty list: leave it out");
    for (const std::string& name : *after) {
      const auto outcome = ParseStepOutcome(name);
      if (!outcome) {
        table->Error("after", Cat("unknown outcome ", TomlQuote(name),
                                  DidYouMean(name, StepOutcomeNames())));
      } else if (*outcome == StepOutcome::kProven) {
        table->Error("after", "no step follows one that is proven");
      } else {
        out.when.after.push_back(*outcome);
      }
    }
  }
  table->Finish();
}

void ReadRerun(TomlTable& table, TemplateStep& out) {
  out.kind = StepKind::kRerun;
  ReadNumber(table, "rerun", 1, 10, out.times);
  ReadTime(table, "delay", absl::ZeroDuration(), absl::Hours(24), out.delay);
}

void ReadAgent(TomlTable& table, TemplateStep& out) {
  out.kind = StepKind::kAgent;
  ReadLine(table, "agent", kLongestTemplateName, out.agent);
  if (!table.Has("prompt"))
    table.Error("agent", "an agent needs a \"prompt\", a file below prompts/");
  ReadLine(table, "prompt", kLongestPath, out.prompt);
  out.text_where = table.where("prompt");
  ReadNumber(table, "rounds", 1, 10, out.rounds);
  ReadDecimal(table, "max_cost_usd", 0, 1000, out.max_usd);
  ReadTimeout(table, out.timeout);
}

void ReadReport(TomlTable& table, TemplateStep& out) {
  out.kind = StepKind::kReport;
  if (const auto kind = table.String("report")) {
    const std::string names[] = {"comment", "issue"};
    if (*kind != "comment" && *kind != "issue")
      table.Error("report", Cat("unknown report ", TomlQuote(*kind), DidYouMean(*kind, names),
                                ": there are \"comment\" and \"issue\""));
    out.report = *kind == "issue" ? ReportKind::kIssue : ReportKind::kComment;
  }
  if (!table.Has("text")) table.Error("report", "a report needs its \"text\"");
  out.text_where = table.where("text");
  if (const auto text = table.String("text")) {
    if (Trim(*text).empty()) table.Error("text", "\"text\" is empty");
    if (text->size() > kLongestReport)
      table.Error("text", Cat("\"text\" is longer than ", kLongestReport, " bytes"));
    out.text = *text;
  }
}

void ReadUse(TomlTable& table, TemplateStep& out) {
  if (const auto use = table.String("use")) {
    if (!IsTemplateName(*use)) table.Error("use", Cat(TomlQuote(*use), " is no template's name"));
    out.use = *use;
  }
  out.text_where = table.where("use");
  auto inputs = table.Table("inputs");
  if (!inputs) return;
  out.text_where = table.where("inputs");
  for (const std::string& key : inputs->Keys()) {
    if (auto text = inputs->Text(key)) out.use_inputs.emplace(key, *std::move(text));
  }
}

TemplateStep ReadStep(TomlTable& table, std::size_t number) {
  TemplateStep step;
  step.where = table.where();
  step.values = table.Values();
  step.name = Cat("step ", number);
  ReadLine(table, "name", kLongestTemplateTitle, step.name);
  const std::string_view kind = KindKey(table);
  CheckKeys(table, kind);
  if (kind == "run") {
    step.text_where = table.where("run");
    if (const auto run = table.String("run")) {
      CheckCommand(table, "run", *run);
      step.run = *run;
    }
    ReadTimeout(table, step.timeout);
  } else if (kind == "rerun") {
    ReadRerun(table, step);
  } else if (kind == "agent") {
    ReadAgent(table, step);
  } else if (kind == "report") {
    ReadReport(table, step);
  } else if (kind == "use") {
    ReadUse(table, step);
  }
  ReadWhen(table, step);
  table.Finish();
  return step;
}

}  // namespace

void ReadSteps(TomlTable& root, Template& out) {
  auto tables = root.Tables("step");
  if (tables.size() > kMostSteps) root.Error("step", Cat("more than ", kMostSteps, " steps"));
  for (TomlTable& table : tables) out.steps.push_back(ReadStep(table, out.steps.size() + 1));
}

}  // namespace regreen
