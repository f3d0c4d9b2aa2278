#include "daemon/policy/plan_inputs.h"

#include <algorithm>
#include <optional>

#include "daemon/base/text.h"
#include "daemon/policy/input_sources.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestInput = 4 << 10;
constexpr std::size_t kLongestFiles = 64 << 10;
constexpr std::size_t kMostInputs = 64;
constexpr std::size_t kLongestQuote = 60;

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

// One element a line: an element that holds line breaks is one still.
std::string Lines(const std::vector<std::string>& elements) {
  std::vector<std::string> lines = elements;
  for (std::string& line : lines) std::replace(line.begin(), line.end(), '\n', ' ');
  return Join(lines, "\n");
}

std::string IncidentFact(std::string_view name, const InputFacts& facts) {
  const Evidence& evidence = facts.incident.evidence;
  if (name == "class") return std::string(ToString(evidence.failure_class));
  if (name == "signature") return evidence.signature;
  if (name == "fingerprint") return evidence.fingerprint;
  if (name == "rule") return evidence.rule;
  if (name == "tool") return evidence.tool;
  if (name == "step") return evidence.step;
  if (name == "command")
    return facts.options.command.empty() ? evidence.command : facts.options.command;
  if (name == "directory")
    return facts.options.command.empty() ? evidence.directory : facts.options.directory;
  if (name == "exit_code") return evidence.exit_code ? Cat(*evidence.exit_code) : "";
  if (name == "failed_tests") return Lines(evidence.failed_tests);
  return FilesOf(evidence);
}

std::string RunFact(std::string_view name, const InputFacts& facts) {
  const RunFacts& run = facts.incident.run;
  if (name == "repo") return run.key.repo;
  if (name == "branch") return run.branch;
  if (name == "base_branch") return run.base_branch;
  if (name == "commit") return run.commit;
  if (name == "workflow") return run.workflow;
  if (name == "job") return facts.incident.job.name;
  if (name == "event") return run.event;
  if (name == "author") return run.author;
  if (name == "link") return run.link;
  return run.pull_request > 0 ? Cat(run.pull_request) : "";
}

std::string CaptureOf(const std::string& name, const InputFacts& facts) {
  for (const Captures* source : {&facts.captures, &facts.incident.evidence.captures}) {
    const auto found = source->find(name);
    if (found != source->end()) return found->second;
  }
  return {};
}

// What a source gives; "" for nothing.
std::string FromSource(const InputSource& source, const InputFacts& facts) {
  constexpr std::string_view incident = "incident.", run = "run.";
  switch (source.kind) {
    case InputSource::Kind::kLog:
      return CaptureOf(source.name, facts);
    case InputSource::Kind::kFact:
      return source.name.starts_with(incident)
                 ? IncidentFact(std::string_view(source.name).substr(incident.size()), facts)
                 : RunFact(std::string_view(source.name).substr(run.size()), facts);
    case InputSource::Kind::kOutputs:
      break;
  }
  return {};
}

struct Found {
  std::string value, origin;
  bool trusted = false;
};

// By what the using template gives; nullopt when that is nothing.
std::optional<Found> FromUser(const InputSpec& input, const std::string& text,
                              const ResolvedInputs& parent, const std::string& used_by,
                              ResolvedInputs& out) {
  const std::vector<std::string> names = NamesIn(text);
  Found found{"", Cat("use by ", used_by), true};
  for (const std::string& name : names) {
    const auto value = parent.values.find(name);
    found.trusted &= value != parent.values.end() && value->second.trusted;
    for (const auto& [open, output] : parent.from_outputs) {
      if (open == InputName(name))
        out.from_outputs.emplace_back(InputName(input.value.name), output);
    }
  }
  const auto rendered = RenderText(TextKind::kInput, text, parent.values, "the value");
  if (!rendered.ok() || (rendered->empty() && !names.empty())) return std::nullopt;
  found.value = *rendered;
  return found;
}

std::optional<Found> FromItsSource(const InputSpec& input, const InputFacts& facts,
                                   ResolvedInputs& out) {
  if (input.from.empty()) return std::nullopt;
  const auto source = ParseInputSource(input.from);
  if (!source.ok()) return std::nullopt;
  if (source->kind == InputSource::Kind::kOutputs)
    out.from_outputs.emplace_back(InputName(input.value.name), source->name);
  std::string value = InputValue(FromSource(*source, facts), input.value.max_bytes);
  if (value.empty()) return std::nullopt;
  return Found{std::move(value), input.from, input.trusted};
}

Status Missing(const InputSpec& input) {
  return FailedPrecondition(Cat("its input \"", input.value.name, "\" is required and has no value",
                                input.from.empty() ? "" : Cat(": ", input.from, " gives none")));
}

StatusOr<Found> Resolve(const InputSpec& input, const InputScope& scope,
                        const ResolvedInputs* parent,
                        const std::map<std::string, std::string>& by_hand,
                        const std::string& used_by, const InputFacts& facts, ResolvedInputs& out) {
  // A person's own value and the operator's default are trusted, unless the template says that
  // the input never is.
  const bool trusted = !input.from.empty() || input.trusted;
  std::optional<Found> found;
  const auto hand = by_hand.find(input.value.name);
  const auto given = scope.given.find(input.value.name);
  if (hand != by_hand.end()) {
    found = Found{hand->second, "by hand", trusted};
  } else if (given != scope.given.end() && parent != nullptr) {
    found = FromUser(input, given->second, *parent, used_by, out);
    if (found) found->trusted &= trusted;
  } else {
    found = FromItsSource(input, facts, out);
  }
  if (!found && input.fallback) found = Found{*input.fallback, "default", trusted};
  const bool open =
      std::any_of(out.from_outputs.begin(), out.from_outputs.end(),
                  [&](const auto& pair) { return pair.first == InputName(input.value.name); });
  if (!found && input.required && !open) return Missing(input);
  if (!found) return Found{"", "no value", true};
  const std::string mistake = ValueMistake(input.value, found->value);
  if (mistake.empty()) return *std::move(found);
  return FailedPrecondition(Cat("its input \"", input.value.name, "\" (", found->origin, ") ",
                                mistake, ": \"",
                                Truncate(EscapeControl(found->value), kLongestQuote), "\""));
}

}  // namespace

std::string InputName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return out;
}

std::vector<PlanInput> FailureInputs(const InputFacts& facts) {
  std::map<std::string, PlanInput> inputs;
  const auto add = [&](std::string name, std::string value, std::string origin) {
    if (inputs.size() >= kMostInputs) return;
    PlanInput input{name, std::move(value), false, std::move(origin)};
    inputs.emplace(std::move(name), std::move(input));
  };
  const SelectOptions& options = facts.options;
  if (!options.command.empty())
    add("COMMAND", InputValue(options.command, kLongestInput), "failure");
  add("DIRECTORY", InputValue(options.directory, kLongestInput), "failure");
  add("FILES", FilesOf(facts.incident.evidence), "failure");
  for (const Captures* source : {&facts.captures, &facts.incident.evidence.captures}) {
    for (const auto& [name, value] : *source)
      add(InputName(name), InputValue(value, kLongestInput), Cat("log.", name));
  }
  std::vector<PlanInput> out;
  for (auto& [name, input] : inputs) out.push_back(std::move(input));
  return out;
}

StatusOr<ResolvedInputs> ResolveInputs(const InputScope& scope, const ResolvedInputs* parent,
                                       const std::map<std::string, std::string>& by_hand,
                                       const std::string& used_by, const InputFacts& facts) {
  ResolvedInputs out;
  std::vector<std::string> names;
  for (const InputSpec& input : scope.inputs) {
    ASSIGN_OR_RETURN(Found found, Resolve(input, scope, parent, by_hand, used_by, facts, out));
    names.push_back(input.value.name);
    out.values[input.value.name] = {found.value, found.trusted};
    out.inputs.push_back({InputName(input.value.name), std::move(found.value), found.trusted,
                          std::move(found.origin)});
  }
  for (const auto& [name, value] : by_hand) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return FailedPrecondition(Cat("it has no input \"", Truncate(EscapeControl(name), 60), "\"",
                                  DidYouMean(name, names)));
  }
  return out;
}

}  // namespace regreen
