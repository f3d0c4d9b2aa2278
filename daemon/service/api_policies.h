// What the API says of policies. Values in, values out; the caller has asked who may.
#pragma once

#include <string>

#include "daemon/base/http.h"
#include "daemon/base/json.h"

namespace regreen {

struct ApiDependencies;

// The set in force, what was refused since, and its templates in the order in which they are asked.
// With an ETag; 304 when If-None-Match names it.
HttpResponse ListPoliciesAnswer(const ApiDependencies& deps, const HttpRequest& request,
                                const std::string& name);
// One template, with its text as it is in effect (daemon/policy/effective.h). 404 names the
// nearest.
HttpResponse ShowPolicyAnswer(const ApiDependencies& deps, const HttpRequest& request,
                              const std::string& name);
// {"files": {"templates/x.toml": "text", or null to remove it}, "base": "current" | "none"} →
// {"ok", "digest", "problems", "problems_left_out"}. 422 for names that are none of a set.
HttpResponse CheckPoliciesAnswer(const ApiDependencies& deps, const Json& body);

}  // namespace regreen
