#include "adapters/forge/gitlab_api.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kDefaultWait = absl::Seconds(60);  // where GitLab names none
constexpr absl::Duration kMaxWait = absl::Hours(2);
constexpr std::size_t kMaxBody = 16 << 20;  // of a page of a hundred jobs there is 1 MB
constexpr std::size_t kMaxMessage = 300;

void AppendWords(const Json& value, std::string& text) {
  if (value.IsString()) {
    Append(text, text.empty() ? "" : "; ", value.StringOr(""));
  } else if (value.IsArray()) {
    for (const Json& one : value.Elements()) AppendWords(one, text);
  } else if (value.IsObject()) {
    for (const auto& [field, one] : value.Members()) {
      std::string words;
      AppendWords(one, words);
      Append(text, text.empty() ? "" : "; ", field, " ", words);
    }
  }
}

// GitLab's own words: {"message": "404 Not found"}, {"message": {"title": ["is too long"]}},
// {"error": "…", "error_description": "…"}; escaped, since they repeat input.
std::string MessageOf(const HttpAnswer& answer) {
  const auto json = Json::Parse(answer.body);
  if (!json.ok()) return Cat("status ", answer.status);
  std::string text;
  for (const char* key : {"message", "error", "error_description"}) AppendWords((*json)[key], text);
  return text.empty() ? Cat("status ", answer.status) : EscapeControl(Truncate(text, kMaxMessage));
}

// The query of the next page by the header Link (RFC 8288), "" when there is none. Only the query
// is taken: behind a proxy GitLab may not know its own address, and a token goes to no other.
std::string NextQuery(const HttpAnswer& answer) {
  for (const std::string_view link : Split(HeaderValue(answer.headers, "link"), ',')) {
    const std::size_t end = link.find('>');
    if (end == std::string_view::npos || link.find("rel=\"next\"", end) == std::string_view::npos)
      continue;
    const std::size_t query = link.find('?');
    if (query < end) return std::string(link.substr(query, end - query));
  }
  return "";
}

}  // namespace

std::string ProjectPath(std::string_view repo) {
  return Cat("/projects/", PercentEncode(repo));
}

bool IsGitlabId(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

absl::Time GitlabTime(const Json& value) {
  absl::Time time = absl::InfinitePast();
  const std::string text = value.StringOr("");
  const bool dated = absl::ParseTime(absl::RFC3339_full, text, &time, nullptr);
  return dated ? time : absl::InfinitePast();
}

GitlabApi::GitlabApi(HttpClient& http, const Clock& clock, std::string base, Secret token)
    : http_(http), clock_(clock), base_(std::move(base)), token_(std::move(token)) {}

HttpCall GitlabApi::Prepare(std::string_view path) const {
  HttpCall call;
  call.url = Cat(base_, path);
  call.timeout = kTimeout;
  call.max_body_bytes = kMaxBody;
  call.headers = {{"private-token", token_.Reveal()}, {"user-agent", "regreen"}};
  return call;
}

StatusOr<HttpAnswer> GitlabApi::Fetch(HttpCall call, std::stop_token stop) const {
  if (stop.stop_requested()) return Cancelled("the daemon is stopping");
  call.stop = std::move(stop);
  return http_.Call(call);
}

StatusOr<HttpAnswer> GitlabApi::Exchange(HttpCall call, std::string_view what,
                                         std::stop_token stop) const {
  auto answer = Fetch(std::move(call), std::move(stop));
  if (!answer.ok()) return Annotate(answer.status(), what);
  RETURN_IF_ERROR(ErrorOf(*answer, what));
  return answer;
}

StatusOr<Json> GitlabApi::Get(std::string_view path, std::string_view what,
                              std::stop_token stop) const {
  return Send("GET", path, "", what, std::move(stop));
}

StatusOr<Json> GitlabApi::Send(const std::string& method, std::string_view path, std::string body,
                               std::string_view what, std::stop_token stop) const {
  HttpCall call = Prepare(path);
  call.method = method;
  if (!body.empty()) call.headers.emplace_back("content-type", "application/json");
  call.body = std::move(body);
  ASSIGN_OR_RETURN(const HttpAnswer answer, Exchange(std::move(call), what, std::move(stop)));
  if (answer.body.empty()) return Json();  // of a 204
  auto json = Json::Parse(answer.body);
  // A proxy's page in between, as a rule.
  if (!json.ok()) return Unavailable(Cat(what, ": GitLab's answer is no JSON"));
  return json;
}

// By "rel=next" where GitLab names it, which serves both kinds of pagination.
Status GitlabApi::GetPages(std::string_view path, int most_pages, std::string_view what,
                           std::stop_token stop,
                           const std::function<bool(const Json& element)>& see) const {
  const std::string_view list = path.substr(0, path.find('?'));
  std::string query(path.substr(list.size()));
  for (int page = 1; page <= most_pages && !query.empty(); ++page) {
    ASSIGN_OR_RETURN(const HttpAnswer answer, Exchange(Prepare(Cat(list, query)), what, stop));
    const auto json = Json::Parse(answer.body);
    if (!json.ok() || !json->IsArray())
      return Unavailable(Cat(what, ": GitLab's answer is no list"));
    for (const Json& element : json->Elements()) {
      if (!see(element)) return OkStatus();
    }
    query = NextQuery(answer);
  }
  return OkStatus();
}

Status GitlabApi::RateLimited(const HttpAnswer& answer, std::string_view what) const {
  absl::Duration wait = kDefaultWait;
  std::int64_t number = 0;
  if (ParseInt64(HeaderValue(answer.headers, "retry-after"), &number)) {
    wait = absl::Seconds(number);
  } else if (ParseInt64(HeaderValue(answer.headers, "ratelimit-reset"), &number)) {
    wait = absl::FromUnixSeconds(number) - clock_.Now();
  }
  wait = std::clamp(wait, absl::Seconds(1), kMaxWait);
  return ResourceExhausted(Cat(what, ": GitLab's rate limit is used up; it asks to wait ",
                               absl::ToInt64Seconds(wait), " seconds"),
                           wait);
}

Status GitlabApi::ErrorOf(const HttpAnswer& answer, std::string_view what) const {
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
      return Unauthenticated(Cat(what, ": GitLab refused the token (", words,
                                 "); it is wrong, expired or revoked. Make a new one of the role "
                                 "Developer with the scopes api and write_repository, and give it "
                                 "to the forge's token"));
    case 403:
      return PermissionDenied(Cat(what, ": the token may not do this (", words,
                                  "); give it the scope or the role, or take the repository out of "
                                  "the forge's repos"));
    case 404:
    case 410:
      return NotFound(Cat(what, ": GitLab has no such thing, or the token may not see it"));
    case 408:
    case 409:
      return Aborted(Cat(what, ": ", words));
    default:
      break;
  }
  if (status >= 500) return Unavailable(Cat(what, ": GitLab failed with status ", status));
  return InvalidArgument(Cat(what, ": GitLab refused it: ", words));
}

}  // namespace regreen
