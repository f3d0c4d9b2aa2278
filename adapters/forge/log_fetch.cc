#include "adapters/forge/log_fetch.h"

#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxLog = 64 << 20;  // of 120 real logs the longest was 3.7 MB
constexpr absl::Duration kTimeout = absl::Minutes(2);
constexpr int kMaxHops = 3;

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// A location that may be followed: https to wherever the log is stored, plain http to the API's own
// host only (a local server).
StatusOr<HttpUrl> NextHop(const HttpAnswer& answer, const HttpUrl& from, const HttpUrl& api) {
  std::string location(HeaderValue(answer.headers, "location"));
  if (location.starts_with('/') && !location.starts_with("//")) location = from.Origin() + location;
  ASSIGN_OR_RETURN(HttpUrl next, ParseUrl(location));
  if (next.scheme != "https" && next.host != api.host) {
    return PermissionDenied(
        Cat("the log is to be fetched from ", next.Origin(), " without TLS, which is refused"));
  }
  return next;
}

}  // namespace

StatusOr<HttpAnswer> FetchLog(HttpCall call, const std::string& api, const FetchFunction& fetch) {
  ASSIGN_OR_RETURN(const HttpUrl api_url, ParseUrl(api));
  call.timeout = kTimeout;
  call.max_body_bytes = kMaxLog;
  call.keep_ends = true;
  ASSIGN_OR_RETURN(HttpAnswer answer, fetch(call));
  ASSIGN_OR_RETURN(HttpUrl at, ParseUrl(call.url));
  for (int hop = 0; IsRedirect(answer.status); ++hop) {
    if (hop == kMaxHops) return Unavailable("the log is redirected too often");
    ASSIGN_OR_RETURN(at, NextHop(answer, at, api_url));
    call.headers = {{"user-agent", "regreen"}};
    call.url = at.Origin() + at.path;
    ASSIGN_OR_RETURN(answer, fetch(call));
  }
  return answer;
}

}  // namespace regreen
