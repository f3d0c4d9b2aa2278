#include <filesystem>

#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/policies.h"
#include "daemon/triage/triage.h"

namespace regreen {

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
  for (const Problem& problem : problems.all()) Complain(ToString(problem));
  if (problems.has_errors()) return kBad;
  const std::string set =
      remote ? Cat("policies of ", config.policies.remote)
             : Cat(policies.templates->templates().size(), " templates, ", policies.rules->size(),
                   " log rules");
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
