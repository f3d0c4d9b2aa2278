// CDEvents in CloudEvents over HTTP, structured or binary. An event knows nothing of a repository:
// its customData says what is needed, see the .cc.
#pragma once

#include <memory>

#include "adapters/ci/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> NewCdeventsCi(const CiOptions& options);

}  // namespace regreen
