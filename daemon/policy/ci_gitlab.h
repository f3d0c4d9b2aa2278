// The script of a GitLab CI job.
#pragma once

#include <string>

#include "daemon/base/status.h"
#include "daemon/policy/ci_definition.h"

namespace regreen {

// As FailingCommand() says.
StatusOr<ResolvedCommand> GitlabCommand(const std::string& path, const CiFiles& files,
                                        const RunFacts& run, const JobFacts& job);

}  // namespace regreen
