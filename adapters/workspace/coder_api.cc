#include "adapters/workspace/coder_api.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kDefaultWait = absl::Seconds(30);  // where a 429 names none
constexpr absl::Duration kMaxWait = absl::Hours(1);
constexpr std::size_t kMaxWords = 600;
constexpr std::size_t kMaxAnswer = 16 << 20;

Status RateLimited(const HttpAnswer& answer, std::string_view what) {
  absl::Duration wait = kDefaultWait;
  std::int64_t seconds = 0;
  if (ParseInt64(HeaderValue(answer.headers, "retry-after"), &seconds))
    wait = std::clamp(absl::Seconds(seconds), absl::Seconds(1), kMaxWait);
  return ResourceExhausted(
      Cat(what, ": Coder asks to be left alone for ", absl::ToInt64Seconds(wait), " seconds"),
      wait);
}

Status ErrorOf(const HttpAnswer& answer, std::string_view what) {
  const int status = answer.status;
  if (status >= 200 && status < 300) return OkStatus();
  if (status == 429) return RateLimited(answer, what);
  const std::string words = CoderWords(answer);
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return InvalidArgument(
          Cat(what, ": the server sends elsewhere, to ",
              EscapeControl(Truncate(HeaderValue(answer.headers, "location"), kMaxWords)),
              "; give its own address as the url of the workspace"));
    case 401:
      return Unauthenticated(
          Cat(what, ": Coder refused the token (", words,
              "); it is wrong, expired or revoked. Make a new one by `coder tokens create`, and "
              "give it to the workspace's token"));
    case 403:
      return PermissionDenied(Cat(what, ": the token's user may not do this (", words, ")"));
    case 404:
    case 410:
      return NotFound(
          Cat(what, ": Coder has no such thing, or the token may not see it (", words, ")"));
    case 408:
    case 409:
    case 412:
      return Aborted(Cat(what, ": ", words));
    default:
      break;
  }
  if (status >= 500)
    return Unavailable(Cat(what, ": Coder failed with status ", status, ": ", words));
  return InvalidArgument(Cat(what, ": Coder refused it: ", words));
}

}  // namespace

std::string CoderWords(const HttpAnswer& answer) {
  const auto json = Json::Parse(answer.body);
  std::string text = json.ok() ? (*json)["message"].StringOr("") : "";
  if (text.empty()) return Cat("status ", answer.status);
  const std::string detail = (*json)["detail"].StringOr("");
  if (!detail.empty() && detail != text) Append(text, " ", detail);
  for (const Json& validation : (*json)["validations"].Elements()) {
    Append(text, "; ", validation["field"].StringOr("a field"), ": ",
           validation["detail"].StringOr("is wrong"));
  }
  return EscapeControl(Truncate(text, kMaxWords));
}

bool PauseFor(absl::Duration time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, absl::ToChronoNanoseconds(time), [] { return false; });
  return !stop.stop_requested();
}

CoderApi::CoderApi(HttpClient& http, std::string base, Secret token)
    : http_(http), base_(std::move(base)), token_(std::move(token)) {}

StatusOr<Json> CoderApi::Get(std::string_view path, std::string_view what,
                             std::stop_token stop) const {
  return Send("GET", path, "", what, std::move(stop));
}

StatusOr<Json> CoderApi::Send(const std::string& method, std::string_view path, std::string body,
                              std::string_view what, std::stop_token stop) const {
  if (stop.stop_requested()) return Cancelled("the daemon is stopping");
  HttpCall call;
  call.method = method;
  call.url = Cat(base_, "/api/v2", path);
  call.headers = {{"coder-session-token", token_.Reveal()},
                  {"accept", "application/json"},
                  {"user-agent", "regreen"}};
  if (!body.empty()) call.headers.emplace_back("content-type", "application/json");
  call.body = std::move(body);
  call.timeout = kTimeout;
  call.max_body_bytes = kMaxAnswer;
  call.stop = std::move(stop);
  const auto answer = http_.Call(call);
  if (!answer.ok()) return Annotate(answer.status(), what);
  RETURN_IF_ERROR(ErrorOf(*answer, what));
  if (answer->body.empty()) return Json();
  auto json = Json::Parse(answer->body);
  // A proxy's page in between, as a rule.
  if (!json.ok()) return Unavailable(Cat(what, ": the answer of ", base_, " is no JSON"));
  return json;
}

}  // namespace regreen
