#include "daemon/pipeline/fixtures.h"

#include <algorithm>
#include <set>

#include "daemon/base/compress.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/explain.h"
#include "daemon/policy/glob.h"
#include "daemon/policy/report.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kMaxLogBytes = 64 << 20;
constexpr std::size_t kMaxFiles = 1'000;

// The log beside the file; a path that leads elsewhere is a mistake.
void ReadLogFile(TomlTable& table, const std::filesystem::path& folder, std::string& out) {
  const auto name = table.String("log");
  if (!name) return;
  const std::string mistake = GlobMistake(*name, true);
  if (!mistake.empty() || name->find_first_of("*?") != std::string::npos) {
    table.Error("log", Cat("the log ", TomlQuote(*name), " ",
                           mistake.empty() ? "is a glob, and must be one file" : mistake));
    return;
  }
  auto bytes = ReadFile(folder / *name, kMaxLogBytes);
  if (bytes.ok() && LooksLikeGzip(*bytes)) bytes = GzipDecompress(*bytes, kMaxLogBytes);
  if (bytes.ok()) {
    out = *std::move(bytes);
  } else {
    table.Error("log", Message(bytes.status()));
  }
}

void ReadExpectation(TomlTable& table, FixtureExpectation& out) {
  auto expect = table.Table("expect");
  if (!table.Has("expect")) table.Error("expect", "a case needs [case.expect]");
  if (!expect) return;
  if (!expect->Has("template"))
    expect->Error("template", "\"expect\" needs \"template\", which is \"\" for none");
  out.template_name = expect->String("template").value_or("");
  if (const auto name = expect->String("class")) {
    out.failure_class = ParseFailureClass(*name);
    if (!out.failure_class) {
      expect->Error(
          "class", Cat("unknown class ", TomlQuote(*name), DidYouMean(*name, FailureClassNames())));
    }
  }
  if (auto inputs = expect->Table("inputs")) out.inputs = inputs->NamedStrings();
  out.decision = expect->String("decision").value_or("");
  expect->Finish();
}

Fixture ReadFixture(TomlTable& table, const std::filesystem::path& folder) {
  Fixture fixture;
  fixture.where = table.where("name");
  fixture.name = table.String("name").value_or("");
  if (Trim(fixture.name).empty()) table.Error("name", "a case needs a \"name\"");
  if (table.Has("log") == table.Has("log_text"))
    table.Error("log", "a case needs either \"log\", a file, or \"log_text\"");
  fixture.log = table.String("log_text").value_or("");
  ReadLogFile(table, folder, fixture.log);
  if (auto event = table.Table("event")) {
    fixture.failure = ReadFailureCase(*event);
    event->Finish();
  }
  ReadExpectation(table, fixture.expected);
  table.Finish();
  return fixture;
}

void CheckTemplate(const Fixture& fixture, const Policies& policies, const Explanation& got,
                   std::vector<std::string>& mistakes) {
  const std::string& wanted = fixture.expected.template_name;
  const Selection& selection = got.selected.selection;
  const std::string chosen = selection.plan ? selection.plan->template_name : "";
  if (!wanted.empty() && policies.templates->Find(wanted) == nullptr) {
    std::vector<std::string> names;
    for (const Template& t : policies.templates->templates()) names.push_back(t.name);
    mistakes.push_back(
        Cat("expected template \"", wanted, "\", which there is not", DidYouMean(wanted, names)));
  } else if (chosen != wanted) {
    mistakes.push_back(Cat("expected ",
                           wanted.empty() ? "no template" : Cat("template \"", wanted, "\""),
                           ", got ", chosen.empty() ? "none" : Cat("\"", chosen, "\"")));
  }
}

void CheckInputs(const Fixture& fixture, const Explanation& got,
                 std::vector<std::string>& mistakes) {
  const std::optional<Plan>& plan = got.selected.selection.plan;
  if (!plan) return;
  for (const auto& [name, value] : fixture.expected.inputs) {
    const auto found =
        std::find_if(plan->inputs.begin(), plan->inputs.end(),
                     [&](const PlanInput& input) { return Lower(input.name) == Lower(name); });
    if (found == plan->inputs.end()) {
      mistakes.push_back(
          Cat("expected input ", name, " = ", TomlQuote(value), ", got no such input"));
    } else if (found->value != value) {
      mistakes.push_back(Cat("expected input ", name, " = ", TomlQuote(value), ", got ",
                             TomlQuote(Truncate(found->value, 400))));
    }
  }
}

// The conditions that a person who wrote the expectation wants to see.
std::string ConditionsOf(const Fixture& fixture, const Explanation& got) {
  std::string out;
  for (const TemplateExplanation& t : got.selected.templates) {
    if (t.name == fixture.expected.template_name || t.chosen)
      Append(out, t.chosen ? "chosen: " : "not ", t.name, "\n", RenderConditions(t));
  }
  return out;
}

}  // namespace

std::vector<Fixture> ReadFixtures(std::string_view text, const std::string& file,
                                  const std::filesystem::path& folder, Problems& problems) {
  std::vector<Fixture> fixtures;
  TomlTable root = TomlTable::Parse(text, file, problems);
  std::set<std::string> names;
  const std::size_t before = problems.all().size();
  auto tables = root.Tables("case");
  if (tables.empty() && problems.all().size() == before) root.Error("case", "there is no [[case]]");
  for (TomlTable& table : tables) {
    const std::size_t known = problems.all().size();
    Fixture fixture = ReadFixture(table, folder);
    if (!fixture.name.empty() && !names.insert(fixture.name).second)
      table.Error("name", Cat("the name ", TomlQuote(fixture.name), " is taken in this file"));
    if (problems.all().size() == known) fixtures.push_back(std::move(fixture));
  }
  root.Finish();
  return fixtures;
}

std::vector<Fixture> LoadFixtures(const std::filesystem::path& folder, Problems& problems) {
  const std::filesystem::path tests = folder / "tests";
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator it(tests, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".toml" && paths.size() < kMaxFiles) paths.push_back(it->path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Fixture> fixtures;
  for (const auto& path : paths) {
    const auto text = ReadFile(path, kMaxFileBytes);
    if (!text.ok()) {
      problems.Error({path.string(), 0, 0}, Message(text.status()));
      continue;
    }
    for (Fixture& fixture : ReadFixtures(*text, path.string(), tests, problems))
      fixtures.push_back(std::move(fixture));
  }
  return fixtures;
}

FixtureResult RunFixture(const Fixture& fixture, const Policies& policies) {
  FixtureResult result;
  const Incident incident = IncidentOf(fixture.failure, fixture.log, Triage(policies.rules));
  const Explanation got = Explain(incident, policies);
  CheckTemplate(fixture, policies, got, result.mistakes);
  const FailureClass found = incident.evidence.failure_class;
  const auto& wanted = fixture.expected.failure_class;
  if (wanted && *wanted != found) {
    result.mistakes.push_back(Cat("expected class ", ToString(*wanted), ", got ", ToString(found),
                                  ": ", incident.evidence.signature));
  }
  CheckInputs(fixture, got, result.mistakes);
  const std::string decision = RenderSelection(got.selected.selection);
  if (decision.find(fixture.expected.decision) == std::string::npos) {
    result.mistakes.push_back(Cat("expected a decision that holds ",
                                  TomlQuote(fixture.expected.decision), ", got ",
                                  TomlQuote(decision.substr(0, decision.find('\n')))));
  }
  if (!result.passed()) result.conditions = ConditionsOf(fixture, got);
  return result;
}

}  // namespace regreen
