// The failing step's own command, read from the CI definition at the commit of the run. Pure. The
// text is a stranger's: capped in size, in nodes and in depth; what is not certain is said, never
// guessed.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/domain/run.h"

namespace regreen {

struct ResolvedCommand {
  // For a shell. Literal `env:` of the workflow, the job and the step comes first, as exports.
  std::string command;
  std::string directory;  // below the tree, "" for its root
  std::string shell;      // as the definition has it ("bash"), "" for the default
};

// From a GitHub Actions workflow (docs.github.com: "Workflow syntax for GitHub Actions"). The job
// is found by its name or id, matrix jobs by what comes before " (", and the step by its name, or
// by the first line of its `run` when it has none. NotFound when there is no such job or step;
// InvalidArgument with a sentence when the command cannot be known: a step that `uses` an action,
// an expression (`${{ }}`), a shell that is not sh or bash, more than one step that fits, a file
// that is no workflow.
StatusOr<ResolvedCommand> FailingCommand(std::string_view workflow_yaml, const JobFacts& job);

}  // namespace regreen
