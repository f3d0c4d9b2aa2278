// Answers as GitHub's REST API gives them, for the parts of FakeGithub.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen::fake_github {

inline HttpResponse Answer(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

inline HttpResponse Message(int status, std::string_view message) {
  JsonWriter out;
  out.BeginObject().Field("message", message).EndObject();
  return Answer(status, out.Take());
}

inline HttpResponse Missing() {
  return Message(404, "Not Found");
}

inline std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  return ParseInt64(text, &number) ? number : -1;
}

inline std::string QueryValue(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace regreen::fake_github
