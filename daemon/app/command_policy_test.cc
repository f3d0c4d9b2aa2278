// policy test: the cases of a policy folder.
#include "daemon/app/command_policy.h"
#include "daemon/app/print.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/fixtures.h"

namespace regreen {
namespace {

std::string NameOf(const Fixture& fixture) {
  return Cat(fixture.where.file, ":", fixture.where.line, ": ", fixture.name);
}

void WriteResult(const Fixture& fixture, const FixtureResult& result, JsonWriter& out) {
  out.BeginObject().Field("name", fixture.name).Field("file", fixture.where.file);
  out.Field("line", fixture.where.line).Field("passed", result.passed());
  out.Field("mistakes", result.mistakes).EndObject();
}

// One line for the case, then the conditions that a person would look at.
std::string RenderFailure(const Fixture& fixture, const FixtureResult& result) {
  std::string out =
      Cat("FAILED ", EscapeControl(Cat(NameOf(fixture), ": ", Join(result.mistakes, "; "))), "\n");
  for (const std::string_view line : SplitLines(result.conditions)) Append(out, "  ", line, "\n");
  return out;
}

}  // namespace

int PolicyTest(const PolicyArguments& arguments) {
  LogWarningsOnly();
  const std::string folder = ChosenFolder(arguments.policies);
  const auto policies = LoadPoliciesOrExplain(folder);
  if (!policies.ok()) return Complain(policies.status());
  Problems problems;
  const std::vector<Fixture> fixtures = LoadFixtures(folder, problems);
  for (const Problem& problem : problems.all()) Complain(ToString(problem));
  if (problems.has_errors()) return kBad;
  int passed = 0, failed = 0;
  JsonWriter out;
  out.BeginObject().Key("cases").BeginArray();
  for (const Fixture& fixture : fixtures) {
    if (NameOf(fixture).find(arguments.filter) == std::string::npos) continue;
    const FixtureResult result = RunFixture(fixture, *policies);
    ++(result.passed() ? passed : failed);
    WriteResult(fixture, result, out);
    if (!arguments.json && !result.passed()) PrintOut(RenderFailure(fixture, result));
  }
  out.EndArray().Field("passed", passed).Field("failed", failed).EndObject();
  PrintOut(arguments.json ? Cat(out.Take(), "\n") : Cat(passed, " passed, ", failed, " failed\n"));
  if (passed + failed == 0) {
    return Complain(arguments.filter.empty()
                        ? Cat("there are no cases in ", folder, "/tests")
                        : Cat("no case has \"", arguments.filter, "\" in its name"));
  }
  return failed == 0 ? kDone : kBad;
}

}  // namespace regreen
