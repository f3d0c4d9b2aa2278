#include <filesystem>

#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/policies.h"
#include "daemon/triage/triage.h"

namespace regreen {
namespace {

// The daemon works without it: such a step is an outcome of its own.
void WarnOfUnknownAgents(const Config& config, const PolicySet& templates, Problems& problems) {
  std::vector<std::string> names;
  for (const auto& [name, agent] : config.agent) names.push_back(name);
  const auto look = [&](const std::vector<TemplateStep>& steps) {
    for (const TemplateStep& step : steps) {
      if (step.kind != StepKind::kAgent || config.agent.contains(step.agent)) continue;
      problems.Warn(step.where, Cat("step ", step.name, " asks for the agent \"", step.agent,
                                    "\", and the configuration has no [agent.", step.agent, "]",
                                    DidYouMean(step.agent, names)));
    }
  };
  for (const Template& t : templates.templates()) {
    if (t.stage == Stage::kDraft) continue;  // used by hand only, by whoever has such an agent
    look(t.steps);
    for (const auto& link : t.chain) look(link->steps);
  }
}

}  // namespace

int Check(const CheckArguments& arguments) {
  if (arguments.example) {
    PrintOut(PrintConfig(ExampleConfig()));
    return kDone;
  }
  LogWarningsOnly();
  Problems problems;
  const Config config = LoadConfig(arguments.config, problems);
  const bool remote = !config.policies.remote.empty();
  // The policies are looked at although the configuration has mistakes: all problems at once. Those
  // of a remote are checked by the daemon before it takes them.
  const Policies policies =
      remote ? Policies() : LoadPolicyFolder(config.policies.directory, problems);
  if (policies.rules != nullptr) CheckExamples(*policies.rules, problems);
  if (policies.templates != nullptr) WarnOfUnknownAgents(config, *policies.templates, problems);
  for (const Problem& problem : problems.all()) Complain(ToString(problem));
  if (problems.has_errors()) return kBad;
  const std::string set = remote ? Cat("policies of ", config.policies.remote)
                                 : Cat(policies.templates->templates().size(), " templates, ",
                                       policies.rules->size(), " log rules");
  PrintOut(Cat(arguments.config, ": ok; ", config.ci.size(), " CIs, ", config.forge.size(),
               " forges, ", set, "\n"));
  return kDone;
}

std::string ShippedPolicies() {
  const auto program = OwnProgram();
  std::error_code error;
  if (program.ok()) {
    const auto folder = std::filesystem::path(*program).parent_path();
    // Installed as PREFIX/bin, or built as SOURCE/build/<preset>.
    for (const char* relative : {"../share/regreen/policies", "../../policies"}) {
      const auto candidate = std::filesystem::weakly_canonical(folder / relative, error);
      if (!error && std::filesystem::is_directory(candidate / "templates", error))
        return candidate.string();
    }
  }
  return PoliciesConfig().directory;
}

}  // namespace regreen
