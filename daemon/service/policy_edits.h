// Policy files as a request gives them. Hostile until read.
#pragma once

#include "daemon/base/json.h"
#include "daemon/base/status.h"
#include "daemon/pipeline/policies.h"

namespace regreen {

// The set that "files" over "base" ("current", which is what is meant when it is not there, or
// "none") would make. Mistakes in the files are noted in `problems`; what is wrong with the request
// itself is InvalidArgument.
StatusOr<Policies> ReadEditedPolicies(const Json& files, const Json& base, const Policies& current,
                                      Problems& problems);
// InvalidArgument when the object has other keys than these, or one twice.
Status CheckKeys(const Json& object, std::span<const std::string> known);

}  // namespace regreen
