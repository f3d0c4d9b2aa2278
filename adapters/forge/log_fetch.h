// A log that an API keeps, or redirects to.
#pragma once

#include <functional>
#include <string>

#include "daemon/base/http.h"
#include "daemon/base/status.h"

namespace regreen {

// One call, its answer as it is.
using FetchFunction = std::function<StatusOr<HttpAnswer>(HttpCall call)>;

// Calls and follows redirects, with the limits of a log. A location is signed by itself: the
// credential of `call` is sent to no address but the first. It must be https, or of the API's own
// host `api`.
StatusOr<HttpAnswer> FetchLog(HttpCall call, const std::string& api, const FetchFunction& fetch);

}  // namespace regreen
