#include "adapters/forge/gitea_api.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kDefaultWait = absl::Seconds(60);  // where none is named
constexpr absl::Duration kMaxWait = absl::Hours(2);
constexpr std::size_t kMaxBody = 16 << 20;  // comments come all in one answer
constexpr std::size_t kMaxMessage = 300;
// [api] MAX_RESPONSE_ITEMS as Gitea comes; a site that gives less is followed all the same.
constexpr int kPageSize = 50;

// Their own words: {"message": "…", "url": "…"}, and {"errors": ["…"]} besides; escaped, since they
// repeat input.
std::string MessageOf(const HttpAnswer& answer) {
  const auto json = Json::Parse(answer.body);
  std::string text = json.ok() ? (*json)["message"].StringOr("") : "";
  return text.empty() ? Cat("status ", answer.status) : EscapeControl(Truncate(text, kMaxMessage));
}

// Whether the header Link (RFC 8288) tells of a next page. Its address is not taken: behind a proxy
// a site may not know its own, and a token goes to no other.
bool HasNext(const HttpAnswer& answer) {
  return HeaderValue(answer.headers, "link").find("rel=\"next\"") != std::string_view::npos;
}

}  // namespace

std::string GiteaRepo(std::string_view repo) {
  return Cat("/repos/", repo);
}

bool IsGiteaId(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

GiteaApi::GiteaApi(HttpClient& http, const Clock& clock, std::string base, Secret token)
    : http_(http), clock_(clock), base_(std::move(base)), token_(std::move(token)) {}

HttpCall GiteaApi::Prepare(std::string_view path) const {
  HttpCall call;
  call.url = Cat(base_, path);
  call.timeout = kTimeout;
  call.max_body_bytes = kMaxBody;
  call.headers = {{"authorization", Cat("token ", token_.Reveal())},
                  {"accept", "application/json"},
                  {"user-agent", "regreen"}};
  return call;
}

StatusOr<HttpAnswer> GiteaApi::Fetch(HttpCall call, std::stop_token stop) const {
  if (stop.stop_requested()) return Cancelled("the daemon is stopping");
  call.stop = std::move(stop);
  return http_.Call(call);
}

StatusOr<HttpAnswer> GiteaApi::Exchange(HttpCall call, std::string_view what,
                                        std::stop_token stop) const {
  auto answer = Fetch(std::move(call), std::move(stop));
  if (!answer.ok()) return Annotate(answer.status(), what);
  RETURN_IF_ERROR(ErrorOf(*answer, what));
  return answer;
}

StatusOr<Json> GiteaApi::Get(std::string_view path, std::string_view what,
                             std::stop_token stop) const {
  return Send("GET", path, "", what, std::move(stop));
}

StatusOr<Json> GiteaApi::Send(const std::string& method, std::string_view path, std::string body,
                              std::string_view what, std::stop_token stop) const {
  HttpCall call = Prepare(path);
  call.method = method;
  if (!body.empty()) call.headers.emplace_back("content-type", "application/json");
  call.body = std::move(body);
  ASSIGN_OR_RETURN(const HttpAnswer answer, Exchange(std::move(call), what, std::move(stop)));
  if (answer.body.empty()) return Json();  // of a merge, of a 204
  auto json = Json::Parse(answer.body);
  // A proxy's page in between, as a rule.
  if (!json.ok()) return Unavailable(Cat(what, ": the forge's answer is no JSON"));
  return json;
}

// Pages are told by the header Link, or, where a list has none, by x-total-count or total_count.
Status GiteaApi::GetPages(std::string_view path, std::string_view field, int most_pages,
                          std::string_view what, std::stop_token stop,
                          const std::function<bool(const Json& element)>& see) const {
  const char* joint = path.find('?') == std::string_view::npos ? "?" : "&";
  std::int64_t seen = 0;
  for (int page = 1; page <= most_pages; ++page) {
    ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        Exchange(Prepare(Cat(path, joint, "limit=", kPageSize, "&page=", page)), what, stop));
    const auto json = Json::Parse(answer.body);
    if (!json.ok()) return Unavailable(Cat(what, ": the forge's answer is no JSON"));
    const Json list = field.empty() ? *json : (*json)[field];
    // An empty list within an object is written as null.
    const bool none = list.IsNull() && !field.empty() && (*json)["total_count"].IntOr(-1) >= 0;
    if (!list.IsArray() && !none) return Unavailable(Cat(what, ": the forge's answer is no list"));
    for (const Json& element : list.Elements()) {
      if (!see(element)) return OkStatus();
    }
    seen += static_cast<std::int64_t>(list.size());
    std::int64_t total = field.empty() ? 0 : (*json)["total_count"].IntOr(0);
    if (total == 0) ParseInt64(HeaderValue(answer.headers, "x-total-count"), &total);
    if (list.size() == 0 || (!HasNext(answer) && seen >= total)) break;
  }
  return OkStatus();
}

Status GiteaApi::RateLimited(const HttpAnswer& answer, std::string_view what) const {
  absl::Duration wait = kDefaultWait;
  std::int64_t number = 0;
  if (ParseInt64(HeaderValue(answer.headers, "retry-after"), &number)) wait = absl::Seconds(number);
  wait = std::clamp(wait, absl::Seconds(1), kMaxWait);
  return ResourceExhausted(Cat(what, ": the forge's rate limit is used up; it asks to wait ",
                               absl::ToInt64Seconds(wait), " seconds"),
                           wait);
}

Status GiteaApi::ErrorOf(const HttpAnswer& answer, std::string_view what) const {
  const int status = answer.status;
  if (status >= 200 && status < 300) return OkStatus();
  if (status == 429) return RateLimited(answer, what);
  const std::string words = MessageOf(answer);
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return NotFound(
          Cat(what, ": it was renamed or moved; use its new name in the configuration"));
    case 401:
      return Unauthenticated(Cat(what, ": the forge refused the token (", words,
                                 "); it is wrong, expired or revoked. Make a new one with "
                                 "repository and issue read and write, and give it to the forge's "
                                 "token"));
    case 403:
      return PermissionDenied(Cat(what, ": the token may not do this (", words,
                                  "); give it the scope, or its owner the right, or take the "
                                  "repository out of the forge's repos"));
    case 404:
    case 410:
      return NotFound(Cat(what, ": the forge has no such thing, or the token may not see it"));
    case 408:
    case 409:
      return Aborted(Cat(what, ": ", words));
    default:
      break;
  }
  if (status >= 500) return Unavailable(Cat(what, ": the forge failed with status ", status));
  return InvalidArgument(Cat(what, ": the forge refused it: ", words));
}

}  // namespace regreen
