// The failing command, read from the CI definition at the commit of the run. Pure: files are given
// by the caller. They are a stranger's: capped in size, in nodes, in depth and in what they grow to
// when they are put together. What is not certain is said, never guessed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/run.h"

namespace regreen {

enum class CiDefinition { kNone, kGithub, kGitlab };
std::optional<CiDefinition> ParseCiDefinition(std::string_view name);
const std::vector<std::string>& CiDefinitionNames();

struct ResolvedCommand {
  // For a shell. What is known of the variables that it finds comes first, as exports.
  std::string command;
  std::string directory;  // below the tree, "" for its root
  std::string shell;      // as the definition has it ("bash"), "" for the default
  // What the CI had and a workspace has not, for a person: "in CI it ran in the image …, beside
  // …"; "" when nothing is known of it.
  std::string about;
};

// Regular files of the repository at the run's commit.
struct CiFiles {
  std::function<StatusOr<std::string>(const std::string& path)> read;
  // Those whose path fits a glob (policy/glob.h), sorted by path, with their bytes.
  std::function<StatusOr<std::vector<std::pair<std::string, std::string>>>(const std::string& glob)>
      match;
};

// Of a job that failed. `path` is the definition's file.
//
// GitHub (docs.github.com: "Workflow syntax for GitHub Actions"): the step's `run`. The job is
// found by its name or id, matrix jobs by the name that their values give them, and the step by its
// name, or by the first line of its `run`. Reusable workflows and composite actions of the
// repository itself are followed. An expression (`${{ }}`) is read when its value is certain:
// `matrix` of a job that its name tells apart, literal `env` and `inputs`, and what is known of the
// run.
//
// GitLab (docs.gitlab.com: "CI/CD YAML syntax reference"): the job's `before_script` and `script`
// in one shell, as the runner does it. `default`, `extends`, `!reference`, merge keys and local
// includes are followed; `variables`, `parallel` and the predefined variables that the script reads
// are exported. What a project's settings set over a variable of the file cannot be seen.
//
// NotFound when there is no such job or step; InvalidArgument with a sentence when the command
// cannot be known.
StatusOr<ResolvedCommand> FailingCommand(CiDefinition definition, const std::string& path,
                                         const CiFiles& files, const RunFacts& run,
                                         const JobFacts& job);

}  // namespace regreen
