// Answers of the API: JSON, and problems by RFC 9457.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/toml.h"

namespace regreen {

HttpResponse JsonAnswer(JsonWriter& body);
// application/problem+json; `detail` says what to do.
HttpResponse ProblemAnswer(int status, std::string_view detail);
// {"file", "line", "column", "severity", "message"}; line and column 0 when there is none.
void WriteProblem(const Problem& problem, JsonWriter& out);

}  // namespace regreen
