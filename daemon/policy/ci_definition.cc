#include "daemon/policy/ci_definition.h"

#include "daemon/policy/ci_github.h"
#include "daemon/policy/ci_gitlab.h"

namespace regreen {

std::optional<CiDefinition> ParseCiDefinition(std::string_view name) {
  if (name == "none") return CiDefinition::kNone;
  if (name == "github") return CiDefinition::kGithub;
  if (name == "gitlab") return CiDefinition::kGitlab;
  return std::nullopt;
}

const std::vector<std::string>& CiDefinitionNames() {
  static const std::vector<std::string> names = {"github", "gitlab", "none"};
  return names;
}

StatusOr<ResolvedCommand> FailingCommand(CiDefinition definition, const std::string& path,
                                         const CiFiles& files, const RunFacts& run,
                                         const JobFacts& job) {
  StatusOr<ResolvedCommand> found = NotFound("no CI definition is read for this CI");
  if (definition == CiDefinition::kGithub) found = GithubCommand(path, files, run, job);
  if (definition == CiDefinition::kGitlab) found = GitlabCommand(path, files, run, job);
  if (found.ok() && found->command.find('\0') != std::string::npos)
    return InvalidArgument("the failing command holds a NUL character");
  return found;
}

}  // namespace regreen
