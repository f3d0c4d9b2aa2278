// Gitea Actions (1.25 and later) and Forgejo Actions. The forge is asked for the run and its logs.
#pragma once

#include <memory>

#include "adapters/ci/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> NewGiteaCi(const CiOptions& options);

}  // namespace regreen
