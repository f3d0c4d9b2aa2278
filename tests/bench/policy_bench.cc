// Measures loading policies, and selecting one for a failure: among 10 templates and among 1,000.
// The templates are like those that operators write: they extend bases, have inputs and patterns
// over the log, and most are for other tools than the one that failed.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "daemon/base/text.h"
#include "daemon/policy/loader.h"
#include "daemon/policy/matcher.h"

namespace regreen {
namespace {

constexpr const char* kClasses[] = {"compile", "test", "lint", "format", "types", "dependency"};
constexpr int kBases = 10;

std::string BaseText(int i) {
  return Cat("[inputs]\nversion = { type = \"string\", default = \"", i,
             "\", pattern = \"[0-9.]+\", about = \"of the tool\" }\n"
             "[workspace]\nsetup = [\"tool",
             i,
             " install || true\"]\ntimeout = \"10m\"\ntools = [\"make\"]\nnetwork = "
             "[\"packages\"]\n[guard]\nmax_files = 20\nmax_lines = 2000\n[change]\nlabels = "
             "[\"regreen\"]\n[limits]\nopen_per_repo = 3\nper_day = 20\ncooldown = \"30m\"\n");
}

std::string TemplateText(int i) {
  const std::string tool = Cat("tool", i);
  return Cat("name = \"", tool, "-repair\"\ntitle = \"Repair what ", tool,
             " reports\"\nstage = \"suggest\"\nextends = [\"base/b", i % kBases,
             "\"]\npriority = ", i % 7, "\n\n[match]\nclass = [\"", kClasses[i % 6], "\", \"",
             kClasses[(i + 1) % 6], "\"]\nrepo = [\"acme/*\", \"team", i % 50,
             "/**\"]\nbranch = [\"main\", \"release/*\"]\nlog = ['\\b", tool,
             ": (?P<cause>.{1,80}) is out of date$', '^", tool,
             "\\[\\d+\\]: error: (?P<file>[\\w/.-]+):\\d+']\nunless = { author = [\"renovate*\"] "
             "}\n\n[inputs]\ncause = { type = \"string\", from = \"log.cause\" }\nlevel = { type = "
             "\"enum\", choices = [\"low\", \"high\"], default = \"low\" }\n\n[[step]]\nname = "
             "\"repair\"\nrun = '''\ncd \"./$REGREEN_INPUT_DIRECTORY\"\n",
             tool, " --fix --level={{level}} --version={{version}} \"$REGREEN_INPUT_CAUSE\"\n'''\n",
             "[[step]]\nagent = \"cheap\"\nprompt = \"prompts/repair.md\"\nrounds = 2\n"
             "max_cost_usd = 0.5\nwhen = { after = [\"no-change\", \"still-red\"] }\n\n"
             "[verify]\ncommand = \"auto\"\n[guard]\npaths = [\"**/*.",
             tool, "\", \"src/**\"]\n[change]\ntitle = \"Repair what ", tool,
             " reports: {{signature}}\"\n");
}

PolicySources Sources(int templates) {
  PolicySources sources;
  for (int i = 0; i < kBases; ++i) {
    const std::string name = Cat("base/b", i, ".toml");
    sources.bases.push_back({name, BaseText(i), name});
  }
  for (int i = 0; i < templates; ++i)
    sources.templates.push_back({Cat("templates/t", i, ".toml"), TemplateText(i)});
  sources.prompts.push_back(
      {"prompts/repair.md",
       "Repair what {{tool}} reports in {{repo}}.\n\n{{evidence}}\n{{#failed_tests}}\nRed tests:\n"
       "{{failed_tests}}\n{{/failed_tests}}\nLevel {{level}}, cause {{cause}}.\n",
       "prompts/repair.md"});
  return sources;
}

std::shared_ptr<const PolicySet> Loaded(const PolicySources& sources) {
  Problems problems;
  auto set = LoadPolicies(sources, problems);
  if (set == nullptr || !problems.all().empty()) {
    std::fputs(problems.Render().c_str(), stderr);
    std::exit(1);
  }
  return set;
}

// Of the last of ten templates, with as many lines as triage keeps.
Incident Failure() {
  Incident incident;
  incident.run.key = {"github", "acme/widget", "42", 1};
  incident.run.ci = "github";
  incident.run.event = "push";
  incident.run.branch = incident.run.base_branch = "main";
  incident.run.author = "dev";
  incident.job.name = "build";
  incident.evidence.failure_class = FailureClass::kFormat;
  incident.evidence.tool = "tool9";
  incident.evidence.signature = "tool9: the table is out of date";
  for (int i = 0; i < 40; ++i)
    incident.evidence.lines.push_back(
        {i, Cat("step ", i, ": compiled src/module_", i, ".cc"), "context"});
  incident.evidence.lines.push_back({41, "tool9: the table is out of date", "primary"});
  return incident;
}

void BM_Load(benchmark::State& state) {
  const PolicySources sources = Sources(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(Loaded(sources));
}
BENCHMARK(BM_Load)->Arg(10)->Arg(1000)->Unit(benchmark::kMillisecond);

void BM_Select(benchmark::State& state) {
  const auto set = Loaded(Sources(static_cast<int>(state.range(0))));
  const Incident incident = Failure();
  SelectOptions options;
  options.command = "tool9 --check .";
  for (auto _ : state) {
    const Selection selection = Select(incident, *set, options);
    if (!selection.plan || selection.plan->template_name != "tool9-repair") {
      state.SkipWithError("another template was chosen");
      break;
    }
  }
}
BENCHMARK(BM_Select)->Arg(10)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace regreen

BENCHMARK_MAIN();
