#include "daemon/policy/template.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/glob.h"
#include "daemon/policy/placeholders.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestName = 60;  // "regreen/<name>-<8>" stays a short branch name
constexpr std::size_t kLongestTitle = 200;
constexpr std::size_t kLongestLabel = 50;  // GitHub's limit for a label's name
constexpr std::size_t kMostSteps = 20;
constexpr absl::Duration kLongestTimeout = absl::Hours(24);

bool IsTemplateName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

void ReadNumber(TomlTable& table, std::string_view key, int least, int most, int& out) {
  const auto value = table.Int(key);
  if (!value) return;
  if (*value < least || *value > most) {
    table.Error(key, Cat("\"", key, "\" must be between ", least, " and ", most, ", not ", *value));
    return;
  }
  out = static_cast<int>(*value);
}

void ReadTimeout(TomlTable& table, absl::Duration& out) {
  const auto value = table.Duration("timeout");
  if (!value) return;
  if (*value < absl::Seconds(1) || *value > kLongestTimeout) {
    table.Error("timeout", "\"timeout\" must be between 1s and 24h");
    return;
  }
  out = *value;
}

// One line of text for people.
void ReadLine(TomlTable& table, std::string_view key, std::size_t longest, std::string& out) {
  const auto value = table.String(key);
  if (!value) return;
  if (Trim(*value).empty()) table.Error(key, Cat("\"", key, "\" is empty"));
  if (value->size() > longest)
    table.Error(key, Cat("\"", key, "\" is longer than ", longest, " bytes"));
  if (EscapeControl(*value) != *value)
    table.Error(key, Cat("\"", key, "\" holds control characters or line breaks"));
  out = *value;
}

void CheckCommand(TomlTable& table, std::string_view key, std::string_view command) {
  if (Trim(command).empty())
    table.Error(key, Cat("\"", key, "\" is empty: it must be a shell command"));
  if (command.find('\0') != std::string_view::npos)
    table.Error(key, Cat("\"", key, "\" holds a NUL character"));
}

void ReadDirectory(TomlTable& table, std::string& out) {
  const auto value = table.String("directory");
  if (!value) return;
  // A folder's name has the form of a path glob that matches one thing.
  if (!value->empty() && value->find_first_of("*?") == std::string::npos) {
    const std::string mistake = GlobMistake(*value, true);
    if (!mistake.empty())
      table.Error("directory", Cat("the directory ", TomlQuote(*value), " ", mistake));
  } else if (!value->empty()) {
    table.Error("directory", "\"directory\" names one folder, not a glob");
  }
  out = *value;
}

void ReadHead(TomlTable& root, Template& out) {
  out.where = root.where("name");
  const auto name = root.String("name");
  if (!root.Has("name")) root.Error("name", "a template needs a \"name\"");
  if (name && !IsTemplateName(*name)) {
    root.Error("name",
               Cat("the name ", TomlQuote(*name), " must be made of a-z, 0-9 and '-', at most ",
                   kLongestName, " of them"));
  }
  out.name = name.value_or("");
  out.title = out.name;
  ReadLine(root, "title", kLongestTitle, out.title);
  ReadNumber(root, "priority", -1000, 1000, out.priority);
  if (const auto stage = root.String("stage")) {
    const auto parsed = ParseStage(*stage);
    const std::string names[] = {"draft", "shadow", "suggest", "auto", "retired"};
    if (!parsed)
      root.Error("stage", Cat("unknown stage ", TomlQuote(*stage), DidYouMean(*stage, names)));
    out.stage = parsed.value_or(out.stage);
  }
}

void ReadMatch(TomlTable& root, Template& out) {
  auto match = root.Table("match");
  if (!match) return;
  out.match = ReadConditions(*match);
  if (auto unless = match->Table("unless")) {
    out.unless = ReadConditions(*unless);
    unless->Finish();
  }
  match->Finish();
}

void ReadWorkspace(TomlTable& root, Template& out) {
  auto table = root.Table("workspace");
  if (!table) return;
  ReadLine(*table, "use", kLongestName, out.workspace);
  if (const auto setup = table->Strings("setup")) {
    for (const std::string& command : *setup) CheckCommand(*table, "setup", command);
    out.setup = *setup;
  }
  ReadTimeout(*table, out.setup_timeout);
  table->Finish();
}

void ReadSteps(TomlTable& root, Template& out) {
  auto tables = root.Tables("step");
  if (tables.empty()) root.Error("step", "a template needs at least one [[step]]");
  if (tables.size() > kMostSteps) root.Error("step", Cat("more than ", kMostSteps, " steps"));
  for (TomlTable& table : tables) {
    Step step;
    step.name = Cat("step ", out.steps.size() + 1);
    ReadLine(table, "name", kLongestTitle, step.name);
    if (!table.Has("run")) table.Error("run", "a step needs \"run\", a shell command");
    if (const auto run = table.String("run")) {
      CheckCommand(table, "run", *run);
      step.run = *run;
    }
    ReadTimeout(table, step.timeout);
    table.Finish();
    out.steps.push_back(std::move(step));
  }
}

void ReadVerify(TomlTable& root, Template& out) {
  auto table = root.Table("verify");
  if (!table) return;
  if (const auto command = table->String("command")) {
    CheckCommand(*table, "command", *command);
    out.verify_command = *command;
  }
  ReadDirectory(*table, out.verify_directory);
  ReadNumber(*table, "runs", 1, 20, out.verify_runs);
  ReadTimeout(*table, out.verify_timeout);
  table->Finish();
}

void ReadGuard(TomlTable& root, Template& out) {
  auto table = root.Table("guard");
  if (!table) return;
  out.guard_paths = ReadGlobs(*table, "paths", true);
  ReadNumber(*table, "max_files", 1, 10'000, out.guard_max_files);
  ReadNumber(*table, "max_lines", 1, 1'000'000, out.guard_max_lines);
  table->Finish();
}

void ReadTarget(TomlTable& table, Template& out) {
  const auto target = table.String("target");
  if (!target || *target == "auto") return;
  // What git-check-ref-format(1) refuses, where a person may have written it.
  const bool bad = target->empty() || target->front() == '-' || target->front() == '/' ||
                   target->back() == '/' || target->find("..") != std::string::npos ||
                   EscapeControl(*target) != *target ||
                   target->find_first_of(" ~^:?*[\\") != std::string::npos;
  if (bad)
    table.Error("target", Cat(TomlQuote(*target), " is no branch: write its name, or \"auto\""));
  out.change_target = *target;
}

void ReadChange(TomlTable& root, Template& out) {
  out.change_title = out.title;
  auto table = root.Table("change");
  if (!table) return;
  ReadLine(*table, "title", kLongestTitle, out.change_title);
  if (const auto body = table->String("body")) out.change_body = *body;
  for (const auto& [key, text] :
       {std::pair{"title", &out.change_title}, std::pair{"body", &out.change_body}}) {
    const std::string mistake = PlaceholderMistake(*text);
    if (table->Has(key) && !mistake.empty()) table->Error(key, mistake);
  }
  if (const auto labels = table->Strings("labels")) {
    for (const std::string& label : *labels) {
      if (Trim(label).empty() || label.size() > kLongestLabel || EscapeControl(label) != label) {
        table->Error("labels", Cat("the label ", TomlQuote(label), " must have 1 to ",
                                   kLongestLabel, " printable characters"));
      }
    }
    out.change_labels = *labels;
  }
  ReadTarget(*table, out);
  table->Finish();
}

}  // namespace

Template ReadTemplate(std::string_view text, const std::string& file, Problems& problems) {
  Problems syntax;
  TomlTable::Parse(text, file, syntax);
  if (syntax.has_errors()) {  // what else is missing would only be noise
    for (const Problem& problem : syntax.all()) problems.Error(problem.where, problem.message);
    return {};
  }
  TomlTable root = TomlTable::Parse(text, file, problems);
  Template out;
  ReadHead(root, out);
  ReadMatch(root, out);
  ReadWorkspace(root, out);
  ReadSteps(root, out);
  ReadVerify(root, out);
  ReadGuard(root, out);
  ReadChange(root, out);
  root.Finish();
  return out;
}

}  // namespace regreen
