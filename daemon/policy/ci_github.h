// The command of a step of a GitHub Actions workflow.
#pragma once

#include <string>

#include "daemon/base/status.h"
#include "daemon/policy/ci_definition.h"

namespace regreen {

// As FailingCommand() says.
StatusOr<ResolvedCommand> GithubCommand(const std::string& path, const CiFiles& files,
                                        const RunFacts& run, const JobFacts& job);

}  // namespace regreen
