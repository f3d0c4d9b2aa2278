// Any CI that posts JSON: the config says where each field is. Nothing is known of the platform, so
// all that can be known of a run comes with the delivery (RunHint::foreign).
#pragma once

#include <memory>

#include "adapters/ci/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> NewGenericCi(const CiOptions& options);

}  // namespace regreen
