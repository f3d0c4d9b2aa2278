// Answers of the API: JSON, and problems by RFC 9457.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/status.h"
#include "daemon/base/toml.h"

namespace regreen {

class EventStreams;

// One request, as its handler finds it: who asks is known, and may.
struct ApiCall {
  const HttpRequest& request;
  std::vector<std::string> parts;  // of the path, those that the route leaves open
  std::string by;                  // the name of its token
  EventStreams* streams = nullptr;

  const std::string& part(std::size_t i) const { return parts[i]; }
  // The first value of a parameter; nullopt when it is not there.
  std::optional<std::string> Parameter(std::string_view name) const;
};
// A whole number from `least` to `most`; InvalidArgument otherwise.
StatusOr<int> NumberParameter(const ApiCall& call, std::string_view name, int fallback, int least,
                              int most);

HttpResponse JsonAnswer(JsonWriter& body);
// 404 for NotFound, 422 for what was asked for wrongly, 503 for what may go later.
HttpResponse RefusedAnswer(const Status& why);
// application/problem+json; `detail` says what to do.
HttpResponse ProblemAnswer(int status, std::string_view detail);
// {"file", "line", "column", "severity", "message"}; line and column 0 when there is none.
void WriteProblem(const Problem& problem, JsonWriter& out);

}  // namespace regreen
