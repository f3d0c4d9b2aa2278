#include "daemon/service/api_answer.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string_view TitleOf(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

}  // namespace

std::optional<std::string> ApiCall::Parameter(std::string_view name) const {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

StatusOr<int> NumberParameter(const ApiCall& call, std::string_view name, int fallback, int least,
                              int most) {
  const auto text = call.Parameter(name);
  std::int64_t number = fallback;
  if (!text) return fallback;
  if (!ParseInt64(*text, &number) || number < least || number > most)
    return InvalidArgument(Cat("\"", name, "\" must be a whole number from ", least, " to ", most));
  return static_cast<int>(number);
}

HttpResponse RefusedAnswer(const Status& why) {
  switch (why.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kPermissionDenied:
    case StatusCode::kAlreadyExists:
      return ProblemAnswer(422, Message(why));
    case StatusCode::kNotFound:
      return ProblemAnswer(404, Message(why));
    default:
      return ProblemAnswer(503, Message(why));
  }
}

HttpResponse JsonAnswer(JsonWriter& body) {
  HttpResponse response;
  response.body = body.Take();
  // A token's holder reads it, and nobody's cache between.
  response.headers.emplace_back("cache-control", "private, no-cache");
  return response;
}

HttpResponse ProblemAnswer(int status, std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  JsonWriter out;
  out.BeginObject()
      .Field("type", "about:blank")
      .Field("title", TitleOf(status))
      .Field("status", status)
      .Field("detail", detail)
      .EndObject();
  response.body = out.Take();
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

void WriteProblem(const Problem& problem, JsonWriter& out) {
  const bool error = problem.severity == Problem::Severity::kError;
  out.BeginObject()
      .Field("file", problem.where.file)
      .Field("line", problem.where.line)
      .Field("column", problem.where.column)
      .Field("severity", error ? "error" : "warning")
      .Field("message", problem.message)
      .EndObject();
}

}  // namespace regreen
