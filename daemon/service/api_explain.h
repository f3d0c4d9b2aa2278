// What the policies make of a failure, for who asks by the API. Values in, values out.
#pragma once

#include "daemon/base/http.h"
#include "daemon/base/json.h"

namespace regreen {

struct ApiCall;
struct ApiDependencies;

// {"log": "…", "event": {…}} with the keys of daemon/pipeline/failure_case.h, or {"delivery":
// "KEY"} for all that a stored delivery showed; with "files" and "base" as a check takes them →
// {"explanations": […]} as daemon/pipeline/explain.h writes them. 404 for a delivery that is not
// stored, 422 for what is not asked for so, and for files with mistakes.
HttpResponse ExplainPoliciesAnswer(const ApiDependencies& deps, const ApiCall& call,
                                   const Json& body);

}  // namespace regreen
