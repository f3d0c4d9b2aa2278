#include "daemon/service/api_answer.h"

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
