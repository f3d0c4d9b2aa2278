#include "adapters/forge/gitlab_api.h"

#include <utility>

#include "adapters/forge/client/refusal.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr std::size_t kMaxBody = 16 << 20;  // of a page of a hundred jobs there is 1 MB
constexpr std::size_t kMaxMessage = 300;
constexpr RefusalWords kWords = {
    "GitLab", "Make a new one of the role Developer with the scopes api and write_repository",
    "give it the scope or the role"};

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

}  // namespace

std::string ProjectPath(std::string_view repo) {
  return Cat("/projects/", PercentEncode(repo));
}

absl::Time GitlabTime(const Json& value) {
  absl::Time time = absl::InfinitePast();
  const std::string text = value.StringOr("");
  const bool dated = absl::ParseTime(absl::RFC3339_full, text, &time, nullptr);
  return dated ? time : absl::InfinitePast();
}

GitlabApi::GitlabApi(const ForgeClient& client, Secret token)
    : client_(client), token_(std::move(token)), gate_(client.GateOf(token_.Reveal(), "token")) {}

HttpCall GitlabApi::Prepare(std::string_view path) const {
  HttpCall call;
  call.url = Cat(base(), path);
  call.timeout = kTimeout;
  call.max_body_bytes = kMaxBody;
  call.headers = {{"private-token", token_.Reveal()}, {"user-agent", "regreen"}};
  return call;
}

StatusOr<HttpAnswer> GitlabApi::Fetch(HttpCall call, std::stop_token stop) const {
  return client_.Call(*gate_, std::move(call), std::move(stop));
}

StatusOr<ForgeClient::JsonAnswer> GitlabApi::Exchange(HttpCall call, std::string_view what,
                                                      std::stop_token stop) const {
  auto answer = client_.CallJson(*gate_, std::move(call), std::move(stop));
  if (!answer.ok()) return Annotate(answer.status(), what);
  RETURN_IF_ERROR(ErrorOf(answer->http, what));
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
  ASSIGN_OR_RETURN(auto answer, Exchange(std::move(call), what, std::move(stop)));
  return std::move(answer.json);
}

Status GitlabApi::GetPages(std::string_view path, int most_pages, std::string_view what,
                           std::stop_token stop,
                           const std::function<bool(const Json& element)>& see) const {
  const std::string_view list = path.substr(0, path.find('?'));
  std::string query(path.substr(list.size()));
  for (int page = 1; page <= most_pages && !query.empty(); ++page) {
    ASSIGN_OR_RETURN(const auto answer, Exchange(Prepare(Cat(list, query)), what, stop));
    if (!answer.json.IsArray()) return Unavailable(Cat(what, ": GitLab's answer is no list"));
    for (const Json& element : answer.json.Elements()) {
      if (!see(element)) return OkStatus();
    }
    query = NextPage(answer.http, query);
  }
  return OkStatus();
}

Status GitlabApi::ErrorOf(const HttpAnswer& answer, std::string_view what) const {
  const int status = answer.status;
  if (status >= 200 && status < 300) return OkStatus();
  if (client_.IsLimited(answer)) return client_.Limited(*gate_, answer, what);
  return Refusal(kWords, status, what, MessageOf(answer));
}

}  // namespace regreen
