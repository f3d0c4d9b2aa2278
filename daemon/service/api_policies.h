// What the API says of policies. Values in, values out; the caller has asked who may.
#pragma once

#include "daemon/base/http.h"
#include "daemon/base/json.h"

namespace regreen {

struct ApiCall;
struct ApiDependencies;

// The set in force, what was refused since, and its templates in the order in which they are asked.
// With an ETag; 304 when If-None-Match names it.
HttpResponse ListPoliciesAnswer(const ApiDependencies& deps, const ApiCall& call);
// One template, with its text as it is in effect (daemon/policy/effective.h). 404 names the
// nearest.
HttpResponse ShowPolicyAnswer(const ApiDependencies& deps, const ApiCall& call);
// {"files": {"templates/x.toml": "text", or null to remove it}, "base": "current" | "none"} →
// {"ok", "digest", "problems", "problems_left_out"}. 422 for names that are none of a set.
HttpResponse CheckPoliciesAnswer(const ApiDependencies& deps, const ApiCall& call,
                                 const Json& body);

}  // namespace regreen
