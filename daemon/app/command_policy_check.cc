// policy check, policy list: what a policy folder holds, and whether it is right.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/app/command_policy.h"
#include "daemon/app/print.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/fixtures.h"
#include "daemon/triage/triage.h"

namespace regreen {
namespace {

void WriteProblems(const Problems& problems, JsonWriter& out) {
  out.Key("problems").BeginArray();
  for (const Problem& problem : problems.all()) {
    const bool error = problem.severity == Problem::Severity::kError;
    out.BeginObject().Field("file", problem.where.file).Field("line", problem.where.line);
    out.Field("column", problem.where.column).Field("severity", error ? "error" : "warning");
    out.Field("message", problem.message).EndObject();
  }
  out.EndArray();
}

// What a template asks, in one line, what is long at its end:
// `class = ["format"]; unless fork = true; log = "x"`.
std::string MatchOf(const Template& t) {
  std::vector<std::string> parts, patterns;
  for (const auto* conditions : {&t.match, &t.unless}) {
    for (const Condition& condition : *conditions) {
      auto& list = condition.predicate->log_patterns().empty() ? parts : patterns;
      list.push_back(Cat(conditions == &t.unless ? "unless " : "", condition.key, " = ",
                         condition.predicate->Spec()));
    }
  }
  parts.insert(parts.end(), patterns.begin(), patterns.end());
  return parts.empty() ? "anything" : Join(parts, "; ");
}

// How wide a line may be; where no terminal shows it, as wide as it is.
std::size_t TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
      size.ws_col == 0) {
    return std::string::npos;
  }
  return size.ws_col;
}

std::string Padded(std::string_view text, std::size_t width) {
  return Cat(text, std::string(width > text.size() ? width - text.size() : 0, ' '), "  ");
}

std::string Table(const std::vector<Template>& templates) {
  std::size_t widest = 4;
  for (const Template& t : templates) widest = std::max(widest, t.name.size());
  const std::size_t width = TerminalWidth();
  std::string out;
  const auto row = [&](std::string_view name, std::string_view stage, std::string_view priority,
                       std::string_view match) {
    const std::string head = Cat(Padded(name, widest), Padded(stage, 7), Padded(priority, 8));
    const std::size_t left = width > head.size() + 20 ? width - head.size() : 20;
    Append(out, head, width == std::string::npos ? std::string(match) : Truncate(match, left),
           "\n");
  };
  row("NAME", "STAGE", "PRIORITY", "MATCHES");
  for (const Template& t : templates)
    row(t.name, ToString(t.stage), std::to_string(t.priority), EscapeControl(MatchOf(t)));
  return out;
}

}  // namespace

std::string ChosenFolder(const std::string& asked) {
  return asked.empty() ? ShippedPolicies() : asked;
}

std::string FolderInForce(const PolicyArguments& arguments, const Config& config) {
  return arguments.policies.empty() ? config.policies.directory : arguments.policies;
}

StatusOr<Policies> LoadPoliciesOrExplain(const std::string& folder) {
  Problems problems;
  Policies policies = LoadPolicyFolder(folder, problems);
  for (const Problem& problem : problems.all()) Complain(ToString(problem));
  if (problems.has_errors()) return InvalidArgument(Cat(folder, " has mistakes; see above"));
  return policies;
}

int PolicyCheck(const PolicyArguments& arguments) {
  LogWarningsOnly();
  const std::string folder = ChosenFolder(arguments.policies);
  Problems problems;
  const Policies policies = LoadPolicyFolder(folder, problems);
  if (policies.rules != nullptr) CheckExamples(*policies.rules, problems);
  if (policies.guard != nullptr) CheckExamples(*policies.guard, problems);
  const std::size_t cases = LoadFixtures(folder, problems).size();
  const bool ok = !problems.has_errors();
  const std::size_t templates = ok ? policies.templates->templates().size() : 0;
  const std::size_t rules = ok ? policies.rules->size() : 0;
  if (arguments.json) {
    JsonWriter out;
    out.BeginObject().Field("ok", ok).Field("folder", folder);
    out.Field("templates", static_cast<std::int64_t>(templates));
    out.Field("rules", static_cast<std::int64_t>(rules));
    out.Field("cases", static_cast<std::int64_t>(cases));
    WriteProblems(problems, out);
    out.EndObject();
    PrintOut(Cat(out.Take(), "\n"));
    return ok ? kDone : kBad;
  }
  for (const Problem& problem : problems.all()) Complain(ToString(problem));
  if (!ok) return kBad;
  PrintOut(Cat(EscapeControl(folder), ": ok; ", templates, " templates, ", rules, " log rules, ",
               cases, " test cases\n"));
  return kDone;
}

int PolicyList(const PolicyArguments& arguments) {
  LogWarningsOnly();
  const auto policies = LoadPoliciesOrExplain(ChosenFolder(arguments.policies));
  if (!policies.ok()) return Complain(policies.status());
  const std::vector<Template>& templates = policies->templates->templates();
  if (!arguments.json) {
    PrintOut(templates.empty() ? std::string("no templates\n") : Table(templates));
    return kDone;
  }
  JsonWriter out;
  out.BeginObject().Field("digest", policies->templates->digest()).Key("templates").BeginArray();
  for (const Template& t : templates) {
    out.BeginObject().Field("name", t.name).Field("title", t.title);
    out.Field("stage", ToString(t.stage)).Field("priority", t.priority);
    out.Field("file", t.where.file).Field("matches", MatchOf(t)).EndObject();
  }
  out.EndArray().EndObject();
  PrintOut(Cat(out.Take(), "\n"));
  return kDone;
}

}  // namespace regreen
