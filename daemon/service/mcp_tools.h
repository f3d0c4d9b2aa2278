// The tools that `regreen mcp` offers: each is one request of the API, and says no more than that.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/status.h"

namespace regreen {

struct ApiRequest {
  std::string method = "GET";
  std::string path;  // with its query
  std::string body;
  Headers headers;
};

struct McpArgument {
  std::string_view name, type;  // JSON Schema's: string, integer, boolean, object
  std::string_view about;
  bool required = false;
};

struct McpTool {
  std::string_view name, title, about;
  std::vector<McpArgument> arguments;
  bool changes = false;  // something; then the token needs the operator's role
  bool ends = false;     // it cannot be taken back
  // Arguments that have the types above.
  ApiRequest (*request)(const Json& arguments);
};

std::span<const McpTool> McpTools();
const McpTool* FindMcpTool(std::string_view name);  // nullptr
// As tools/list shows it, with the schemas of what it takes and answers.
void WriteJson(const McpTool& tool, JsonWriter& out);

using AskApi = std::function<StatusOr<HttpAnswer>(const ApiRequest&, std::stop_token)>;
// Writes the result of tools/call: what the API answered, marked as data that strangers wrote; or,
// as an error, why there is none. Arguments that do not fit are an error of that kind too, so that
// an assistant can do better.
void CallMcpTool(const McpTool& tool, const Json& arguments, const AskApi& ask,
                 std::stop_token stop, JsonWriter& result);

}  // namespace regreen
