#include "daemon/policy/ci_definition.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <vector>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostBytes = 256 << 10;
constexpr int kMostNodes = 50'000;
constexpr int kMostDepth = 64;

// ---- the YAML ----

// Counts what the text would build before anything is built. An alias counts once: it is never
// expanded.
class Budget final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { Count(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    Count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Enter(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Enter(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void Count(const YAML::Mark& mark) {
    if (++nodes_ > kMostNodes) throw YAML::ParserException(mark, "too many values");
  }
  void Enter(const YAML::Mark& mark) {
    Count(mark);
    if (++depth_ > kMostDepth) throw YAML::ParserException(mark, "nested too deeply");
  }
  int nodes_ = 0, depth_ = 0;
};

StatusOr<YAML::Node> LoadYaml(std::string_view text) {
  if (text.size() > kMostBytes)
    return InvalidArgument(Cat("the workflow is larger than ", kMostBytes, " bytes"));
  try {
    std::istringstream stream{std::string(text)};
    Budget budget;
    YAML::Parser(stream).HandleNextDocument(budget);
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& error) {
    return InvalidArgument(Cat("the workflow is no YAML that can be read: ", error.what()));
  }
}

// A member of a map that is text, as it is written; nullopt when there is none.
std::optional<std::string> TextOf(const YAML::Node& map, const char* key) {
  if (!map.IsMap()) return std::nullopt;
  const YAML::Node value = map[key];
  if (!value || !value.IsScalar()) return std::nullopt;
  return value.Scalar();
}

YAML::Node MemberOf(const YAML::Node& map, const char* key) {
  if (!map.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  return map[key];
}

// ---- names ----

bool HasExpression(std::string_view text) {
  return text.find("${{") != std::string_view::npos;
}

// Whether `shown` can be what became of `written`, each expression in it being any text.
bool CouldRead(std::string_view written, std::string_view shown) {
  bool first = true;
  for (;;) {
    const std::size_t open = written.find("${{");
    const std::string_view literal = written.substr(0, open);
    if (open == std::string_view::npos) return first ? shown == literal : shown.ends_with(literal);
    const std::size_t at = shown.find(literal);
    if (at == std::string_view::npos || (first && at != 0)) return false;
    shown.remove_prefix(at + literal.size());
    const std::size_t close = written.find("}}", open);
    if (close == std::string_view::npos) return false;
    written.remove_prefix(close + 2);
    first = false;
  }
}

// "test (3.11, ubuntu)" is a job of the matrix of "test".
bool IsOfMatrix(std::string_view base, std::string_view shown) {
  return shown.starts_with(Cat(base, " (")) && shown.ends_with(')');
}

std::string Shown(std::string_view untrusted) {
  return Cat("\"", Truncate(EscapeControl(untrusted), 80), "\"");
}

StatusOr<YAML::Node> FindJob(const YAML::Node& workflow, const std::string& name) {
  const YAML::Node jobs = MemberOf(workflow, "jobs");
  if (!jobs.IsDefined() || !jobs.IsMap())
    return InvalidArgument("the file is no workflow: it has no \"jobs\"");
  std::vector<YAML::Node> exact, matrix, possible;
  for (const auto& entry : jobs) {
    if (!entry.first.IsScalar() || !entry.second.IsMap()) continue;
    const std::string& id = entry.first.Scalar();
    const std::string written = TextOf(entry.second, "name").value_or(id);
    if (written == name || id == name) {
      exact.push_back(entry.second);
    } else if (IsOfMatrix(written, name) || IsOfMatrix(id, name)) {
      matrix.push_back(entry.second);
    } else if (HasExpression(written) && CouldRead(written, name)) {
      possible.push_back(entry.second);
    } else if (name.starts_with(Cat(written, " / "))) {
      return InvalidArgument(
          Cat("the job ", Shown(name), " comes from a reusable workflow, which is another file"));
    }
  }
  for (const auto* found : {&exact, &matrix, &possible}) {
    if (found->size() == 1) return found->front();
    if (found->size() > 1)
      return InvalidArgument(Cat("more than one job of the workflow fits ", Shown(name)));
  }
  return NotFound(Cat("the workflow has no job ", Shown(name)));
}

std::string_view FirstLine(std::string_view text) {
  text = Trim(text);
  return Trim(text.substr(0, text.find_first_of("\r\n")));
}

// What GitHub shows for a step without a name is "Run " and what it runs.
std::string NameOfStep(const YAML::Node& step) {
  if (const auto name = TextOf(step, "name")) return *name;
  if (const auto run = TextOf(step, "run")) return Cat("Run ", FirstLine(*run));
  return Cat("Run ", TextOf(step, "uses").value_or(""));
}

StatusOr<YAML::Node> FindStep(const YAML::Node& job, const std::string& name) {
  if (MemberOf(job, "uses").IsDefined())
    return InvalidArgument("the job runs a reusable workflow, which is another file");
  const YAML::Node steps = MemberOf(job, "steps");
  if (!steps.IsDefined() || !steps.IsSequence()) return InvalidArgument("the job has no steps");
  if (name.empty()) return InvalidArgument("the failing step is not known");
  std::vector<YAML::Node> exact, possible;
  for (const YAML::Node& step : steps) {
    if (!step.IsMap()) continue;
    const std::string written = NameOfStep(step);
    if (Trim(written) == Trim(name)) {
      exact.push_back(step);
    } else if (HasExpression(written) && CouldRead(written, name)) {
      possible.push_back(step);
    }
  }
  const auto& found = exact.empty() ? possible : exact;
  if (found.empty())
    return NotFound(Cat("the job has no step ", Shown(name), "; it may be one of the CI's own"));
  if (found.size() > 1) return InvalidArgument(Cat("more than one step fits ", Shown(name)));
  return found.front();
}

// ---- what the step runs ----

// The step's own, or the job's default, or the workflow's.
StatusOr<std::string> Setting(const YAML::Node& workflow, const YAML::Node& job,
                              const YAML::Node& step, const char* key) {
  auto value = TextOf(step, key);
  for (const YAML::Node* scope : {&job, &workflow}) {
    if (value) break;
    const YAML::Node defaults = MemberOf(*scope, "defaults");
    if (!defaults.IsDefined()) continue;
    const YAML::Node run = MemberOf(defaults, "run");
    if (run.IsDefined()) value = TextOf(run, key);
  }
  if (value && HasExpression(*value)) {
    return InvalidArgument(Cat("the step's ", key, " is an expression (", Shown(*value),
                               "), which only the CI can read"));
  }
  return value.value_or("");
}

StatusOr<std::string> Directory(std::string_view written) {
  if (written.starts_with('/'))
    return InvalidArgument(Cat("the step runs in ", Shown(written), ", outside the repository"));
  std::vector<std::string> parts;
  for (const std::string_view part : Split(written, '/')) {
    if (part == "..")
      return InvalidArgument(
          Cat("the step runs in ", Shown(written), ", which may be outside the repository"));
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return Join(parts, "/");
}

Status CheckShell(const YAML::Node& job, std::string_view shell) {
  const std::string_view program = shell.substr(0, shell.find(' '));
  if (!shell.empty() && program != "bash" && program != "sh") {
    return InvalidArgument(Cat("the step runs in the shell ", Shown(shell),
                               "; only sh and bash commands can be run here"));
  }
  const std::string runner = TextOf(job, "runs-on").value_or("");
  if (shell.empty() && Lower(runner).find("windows") != std::string::npos) {
    return InvalidArgument(
        "the step runs in PowerShell on Windows; only sh and bash commands can be run here");
  }
  return OkStatus();
}

bool IsVariableName(std::string_view name) {
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

bool Mentions(std::string_view command, const std::string& variable) {
  for (const std::string& form : {Cat("$", variable), Cat("${", variable)}) {
    const std::size_t at = command.find(form);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = command.substr(at + form.size());
    if (rest.empty() || !IsVariableName(Cat("x", rest.front()))) return true;
  }
  return false;
}

std::string SingleQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

// Exports for the literal `env:` of all three levels. A value that is an expression is left out,
// unless the command reads it: then what it does cannot be known.
StatusOr<std::string> Exports(const YAML::Node& workflow, const YAML::Node& job,
                              const YAML::Node& step, std::string_view command) {
  std::vector<std::pair<std::string, std::string>> variables;
  for (const YAML::Node* scope : {&workflow, &job, &step}) {
    const YAML::Node env = MemberOf(*scope, "env");
    if (!env.IsDefined() || !env.IsMap()) continue;
    for (const auto& entry : env) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) continue;
      const std::string& name = entry.first.Scalar();
      std::erase_if(variables, [&](const auto& known) { return known.first == name; });
      if (IsVariableName(name)) variables.emplace_back(name, entry.second.Scalar());
    }
  }
  std::string out;
  for (const auto& [name, value] : variables) {
    if (!HasExpression(value)) {
      Append(out, "export ", name, "=", SingleQuoted(value), "\n");
    } else if (Mentions(command, name)) {
      return InvalidArgument(Cat("the command reads the variable ", Shown(name),
                                 ", whose value only the CI can know"));
    }
  }
  return out;
}

StatusOr<ResolvedCommand> Resolve(const YAML::Node& workflow, const JobFacts& facts) {
  ASSIGN_OR_RETURN(const YAML::Node job, FindJob(workflow, facts.name));
  ASSIGN_OR_RETURN(const YAML::Node step, FindStep(job, facts.failed_step));
  if (const auto action = TextOf(step, "uses")) {
    return InvalidArgument(
        Cat("the step uses the action ", Shown(*action), ", which is no command"));
  }
  const auto run = TextOf(step, "run");
  if (!run || Trim(*run).empty()) return InvalidArgument("the step has no \"run\"");
  if (HasExpression(*run)) {
    return InvalidArgument(
        "the step's command holds an expression (${{ … }}), which only the CI can read; give "
        "verify.command in the template");
  }
  ResolvedCommand out;
  ASSIGN_OR_RETURN(out.shell, Setting(workflow, job, step, "shell"));
  RETURN_IF_ERROR(CheckShell(job, out.shell));
  ASSIGN_OR_RETURN(const std::string directory, Setting(workflow, job, step, "working-directory"));
  ASSIGN_OR_RETURN(out.directory, Directory(directory));
  ASSIGN_OR_RETURN(const std::string exports, Exports(workflow, job, step, *run));
  out.command = Cat(exports, Trim(*run));
  if (out.command.find('\0') != std::string::npos)
    return InvalidArgument("the step's command holds a NUL character");
  return out;
}

}  // namespace

StatusOr<ResolvedCommand> FailingCommand(std::string_view workflow_yaml, const JobFacts& job) {
  ASSIGN_OR_RETURN(const YAML::Node workflow, LoadYaml(workflow_yaml));
  try {
    return Resolve(workflow, job);
  } catch (const YAML::Exception& error) {
    return InvalidArgument(Cat("the workflow cannot be read: ", error.what()));
  }
}

}  // namespace regreen
