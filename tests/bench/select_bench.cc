// Measures selection among 10 and among 1,000 templates, for failures that one of them fits and
// that none does, and the ratio of the two. Exits 1 where 1,000 take more than five times as long
// as 10, or more than a millisecond.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/policy/matcher.h"

namespace regreen {
namespace {

const std::vector<std::string> kClasses = {"test",  "lint",    "format",  "compile", "dependency",
                                           "types", "network", "timeout", "docs",    "infra"};

// As a platform team writes them: a class, patterns of one tool each, here and there a team's own
// repositories, branches to leave alone.
std::string TemplateText(std::size_t i) {
  std::string text = Cat("name = \"template-", i, "\"\n[match]\nclass = [\"",
                         kClasses[i % kClasses.size()], "\"]\n");
  Append(text, "log = ['\\btool-", i, "(\\.py)?: (?P<code>E[0-9]+) .*failed', '^error\\[T", i,
         "\\]: .+ is (not found|out of date)$']\n");
  if (i % 3 == 0) Append(text, "repo = [\"team-", i, "/*\", \"acme/*\"]\n");
  if (i % 4 == 0) Append(text, "command = '\\bmake (check|test)-", i, "\\b'\n");
  if (i % 5 == 0)
    text += "unless = { branch = [\"wip/**\", \"renovate/**\"], author = \"*[bot]\" }\n";
  return text + "[[step]]\nrun = \"make fix\"\n[verify]\ncommand = \"auto\"\n";
}

std::shared_ptr<const PolicySet> Templates(std::size_t count) {
  PolicySources sources;
  for (std::size_t i = 0; i < count; ++i)
    sources.templates.push_back({Cat(i, ".toml"), TemplateText(i)});
  Problems problems;
  auto set = LoadPolicies(sources, problems);
  if (set == nullptr) std::fprintf(stderr, "%s", problems.Render().c_str());
  return set;
}

Incident Failure(const std::string& primary) {
  Incident incident;
  incident.run.key = {"github", "acme/widget", "42", 1};
  incident.run.ci = "github";
  incident.run.workflow = "CI";
  incident.run.event = "push";
  incident.run.branch = incident.run.base_branch = "main";
  incident.run.author = "dev";
  incident.job = {"7", "test (3.11)", "failure", true, "Run make check", 3, ""};
  incident.jobs = {incident.job.name};
  incident.evidence.failure_class = FailureClass::kLint;
  incident.evidence.tool = "tool";
  for (int n = 0; n < 40; ++n) {
    incident.evidence.lines.push_back(
        {n, Cat("src/module_", n, ".py:", n * 7, ": in the middle of what a log says around it"),
         "context"});
  }
  incident.evidence.lines[20] = {20, primary, "primary"};
  return incident;
}

// Microseconds of one selection: the best of rounds, so that what else the machine does counts
// less.
double Measure(const PolicySet& set, const Incident& incident, bool matches) {
  SelectOptions options;
  options.command = "make check";
  constexpr int kRounds = 20, kTimes = 50;
  double best = 1e12;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) {
      if (Select(incident, set, options).plan.has_value() != matches) std::abort();
    }
    const std::chrono::duration<double, std::micro> spent =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count() / kTimes);
  }
  return best;
}

int Run() {
  const auto ten = Templates(10), thousand = Templates(1000);
  if (ten == nullptr || thousand == nullptr) return 1;
  bool good = true;
  for (const bool matches : {true, false}) {
    const Incident incident = Failure(matches ? "tool-1.py: E17 lint failed" : "nothing known");
    const double few = Measure(*ten, incident, matches);
    const double many = Measure(*thousand, incident, matches);
    std::printf("%s: 10 templates %.1f us, 1,000 templates %.1f us, ratio %.2f\n",
                matches ? "one matches" : "none matches", few, many, many / few);
    good = good && many <= 5 * few && many <= 1000;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace regreen

int main() {
  return regreen::Run();
}
