#include "adapters/forge/github_api.h"

#include <utility>

#include "adapters/forge/client/refusal.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr std::size_t kMaxBody = 16 << 20;  // a page of a hundred jobs is 1 MB
constexpr std::size_t kMaxMessage = 300;
constexpr RefusalWords kWords = {
    "GitHub",
    "Make a new one with the permissions metadata, actions, contents, pull requests and issues",
    "give it the permission"};

// GitHub's own words, with the details of a validation error; escaped, since they repeat input.
std::string MessageOf(const HttpAnswer& answer) {
  const auto json = Json::Parse(answer.body);
  if (!json.ok()) return Cat("status ", answer.status);
  std::string text = (*json)["message"].StringOr("no message");
  for (const Json& error : (*json)["errors"].Elements()) {
    const std::string detail =
        error["message"].StringOr(error.StringOr(error["code"].StringOr("")));
    if (!detail.empty()) Append(text, "; ", detail);
  }
  return EscapeControl(Truncate(text, kMaxMessage));
}

}  // namespace

std::string RepoPath(std::string_view repo) {
  std::string path;
  for (std::string_view part : Split(repo, '/'))
    Append(path, path.empty() ? "" : "/", PercentEncode(part));
  return path;
}

std::string GraphQlOf(const std::string& api) {
  constexpr std::string_view kVersion = "/v3";
  const bool enterprise = api.ends_with("/api/v3");
  return Cat(enterprise ? api.substr(0, api.size() - kVersion.size()) : api, "/graphql");
}

GithubApi::GithubApi(const ForgeClient& client, std::shared_ptr<Gate> gate, Secret token,
                     std::function<bool()> refused)
    : client_(client),
      gate_(std::move(gate)),
      token_(std::move(token)),
      refused_(std::move(refused)) {}

HttpCall GithubApi::Prepare(std::string_view path) const {
  HttpCall call;
  call.url = Cat(base(), path);
  call.timeout = kTimeout;
  call.max_body_bytes = kMaxBody;
  call.headers = {{"authorization", "Bearer " + token_.Reveal()},
                  {"accept", "application/vnd.github+json"},
                  {"x-github-api-version", "2022-11-28"},
                  {"user-agent", "regreen"}};
  return call;
}

StatusOr<HttpAnswer> GithubApi::Fetch(HttpCall call, std::stop_token stop) const {
  return client_.Call(*gate_, std::move(call), std::move(stop));
}

StatusOr<Json> GithubApi::Get(std::string_view path, std::string_view what,
                              std::stop_token stop) const {
  return Send("GET", path, "", what, stop);
}

StatusOr<Json> GithubApi::Send(const std::string& method, std::string_view path, std::string body,
                               std::string_view what, std::stop_token stop) const {
  HttpCall call = Prepare(path);
  call.method = method;
  if (!body.empty()) call.headers.emplace_back("content-type", "application/json");
  call.body = std::move(body);
  return Exchange(std::move(call), what, stop);
}

StatusOr<Json> GithubApi::GraphQl(std::string_view query, const std::string& variables_json,
                                  std::string_view what, std::stop_token stop) const {
  HttpCall call = Prepare("");
  call.url = client_.graphql();
  ASSIGN_OR_RETURN(const Json variables, Json::Parse(variables_json));
  JsonWriter body;
  body.BeginObject().Field("query", query).Key("variables").Value(variables).EndObject();
  call.method = "POST";
  call.headers.emplace_back("content-type", "application/json");
  call.body = body.Take();
  ASSIGN_OR_RETURN(const Json answer, Exchange(std::move(call), what, stop));
  const Json error = answer["errors"][std::size_t{0}];
  if (error.IsNull()) return answer["data"];
  const std::string type = error["type"].StringOr("");
  const std::string words = Cat(
      what, ": ", EscapeControl(Truncate(error["message"].StringOr("no message"), kMaxMessage)));
  if (type == "RATE_LIMITED") return client_.Limited(*gate_, {}, what, "graphql");
  if (type == "NOT_FOUND") return NotFound(words);
  if (type == "FORBIDDEN" || type == "INSUFFICIENT_SCOPES") return PermissionDenied(words);
  return InvalidArgument(words);
}

StatusOr<Json> GithubApi::GetList(std::string_view path, std::string_view what,
                                  std::stop_token stop) const {
  ASSIGN_OR_RETURN(Json list, Get(path, what, std::move(stop)));
  if (!list.IsArray()) return Unavailable(Cat(what, ": GitHub's answer is no list"));
  return list;
}

StatusOr<Json> GithubApi::Exchange(HttpCall call, std::string_view what,
                                   std::stop_token stop) const {
  auto answer = client_.CallJson(*gate_, std::move(call), std::move(stop));
  if (!answer.ok()) return Annotate(answer.status(), what);
  RETURN_IF_ERROR(ErrorOf(answer->http, what));
  return std::move(answer->json);
}

Status GithubApi::ErrorOf(const HttpAnswer& answer, std::string_view what) const {
  const int status = answer.status;
  if (status >= 200 && status < 300) return OkStatus();
  if (client_.IsLimited(answer)) return client_.Limited(*gate_, answer, what);
  if (status == 401 && refused_ && refused_())
    return Unavailable(Cat(what, ": GitHub took the token back; another is asked for"));
  return Refusal(kWords, status, what, MessageOf(answer));
}

}  // namespace regreen
