// CircleCI's outbound webhooks. A delivery has no log.
#pragma once

#include <memory>

#include "adapters/ci/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> NewCircleciCi(const CiOptions& options);

}  // namespace regreen
