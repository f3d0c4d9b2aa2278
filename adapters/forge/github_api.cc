#include "adapters/forge/github_api.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kDefaultWait = absl::Seconds(60);  // where GitHub names none
constexpr absl::Duration kMaxWait = absl::Hours(2);
constexpr std::size_t kMaxMessage = 300;

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

bool IsRateLimit(const HttpAnswer& answer) {
  if (answer.status == 429) return true;
  if (answer.status != 403) return false;
  return !HeaderValue(answer.headers, "retry-after").empty() ||
         HeaderValue(answer.headers, "x-ratelimit-remaining") == "0" ||
         Lower(MessageOf(answer)).find("rate limit") != std::string::npos;
}

}  // namespace

std::string RepoPath(std::string_view repo) {
  std::string path;
  for (std::string_view part : Split(repo, '/'))
    Append(path, path.empty() ? "" : "/", PercentEncode(part));
  return path;
}

GithubApi::GithubApi(HttpClient& http, const Clock& clock, std::string base, Secret token,
                     std::function<bool()> refused)
    : http_(http),
      clock_(clock),
      base_(std::move(base)),
      token_(std::move(token)),
      refused_(std::move(refused)) {}

HttpCall GithubApi::Prepare(std::string_view path) const {
  HttpCall call;
  call.url = Cat(base_, path);
  call.timeout = kTimeout;
  call.headers = {{"authorization", "Bearer " + token_.Reveal()},
                  {"accept", "application/vnd.github+json"},
                  {"x-github-api-version", "2022-11-28"},
                  {"user-agent", "regreen"}};
  return call;
}

StatusOr<HttpAnswer> GithubApi::Fetch(HttpCall call, std::stop_token stop) const {
  if (stop.stop_requested()) return Cancelled("the daemon is stopping");
  call.stop = std::move(stop);
  return http_.Call(call);
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

// "https://api.github.com/graphql"; GitHub Enterprise Server has it at "https://HOST/api/graphql".
StatusOr<Json> GithubApi::GraphQl(std::string_view query, const std::string& variables_json,
                                  std::string_view what, std::stop_token stop) const {
  HttpCall call = Prepare("/graphql");
  if (base_.ends_with("/api/v3"))
    call.url = Cat(base_.substr(0, base_.size() - std::string_view("/v3").size()), "/graphql");
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
  if (type == "RATE_LIMITED") return ResourceExhausted(words, kDefaultWait);
  if (type == "NOT_FOUND") return NotFound(words);
  if (type == "FORBIDDEN" || type == "INSUFFICIENT_SCOPES") return PermissionDenied(words);
  return InvalidArgument(words);
}

StatusOr<Json> GithubApi::Exchange(HttpCall call, std::string_view what,
                                   std::stop_token stop) const {
  const auto answer = Fetch(std::move(call), stop);
  if (!answer.ok()) return Annotate(answer.status(), what);
  RETURN_IF_ERROR(ErrorOf(*answer, what));
  if (answer->body.empty()) return Json();  // of a 201 or 204
  auto json = Json::Parse(answer->body);
  // A proxy's page in between, as a rule.
  if (!json.ok()) return Unavailable(Cat(what, ": GitHub's answer is no JSON"));
  return json;
}

Status GithubApi::RateLimited(const HttpAnswer& answer, std::string_view what) const {
  absl::Duration wait = kDefaultWait;
  std::int64_t number = 0;
  if (ParseInt64(HeaderValue(answer.headers, "retry-after"), &number)) {
    wait = absl::Seconds(number);
  } else if (HeaderValue(answer.headers, "x-ratelimit-remaining") == "0" &&
             ParseInt64(HeaderValue(answer.headers, "x-ratelimit-reset"), &number)) {
    wait = absl::FromUnixSeconds(number) - clock_.Now();
  }
  wait = std::clamp(wait, absl::Seconds(1), kMaxWait);
  return ResourceExhausted(Cat(what, ": GitHub's rate limit is used up; it asks to wait ",
                               absl::ToInt64Seconds(wait), " seconds"),
                           wait);
}

Status GithubApi::ErrorOf(const HttpAnswer& answer, std::string_view what) const {
  const int status = answer.status;
  if (status >= 200 && status < 300) return OkStatus();
  if (IsRateLimit(answer)) return RateLimited(answer, what);
  const std::string words = MessageOf(answer);
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return NotFound(
          Cat(what, ": it was renamed or moved; use its new name in the configuration"));
    case 401:
      if (refused_ && refused_())
        return Unavailable(Cat(what, ": GitHub took the token back; another is asked for"));
      return Unauthenticated(
          Cat(what, ": GitHub refused the token (", words,
              "); it is wrong, expired or revoked. "
              "Make a new one with the permissions metadata, actions, contents, pull requests "
              "and issues, and give it to the forge's token"));
    case 403:
      return PermissionDenied(Cat(what, ": the token may not do this (", words,
                                  "); give it the permission, or take "
                                  "the repository out of the forge's repos"));
    case 404:
    case 410:
      return NotFound(Cat(what, ": GitHub has no such thing, or the token may not see it"));
    case 408:
    case 409:
      return Aborted(Cat(what, ": ", words));
    default:
      break;
  }
  if (status >= 500) return Unavailable(Cat(what, ": GitHub failed with status ", status));
  return InvalidArgument(Cat(what, ": GitHub refused it: ", words));
}

}  // namespace regreen
