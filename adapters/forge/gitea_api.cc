#include "adapters/forge/gitea_api.h"

#include <algorithm>
#include <utility>

#include "adapters/forge/client/refusal.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr std::size_t kMaxBody = 16 << 20;  // comments come all in one answer
constexpr std::size_t kMaxMessage = 300;
constexpr RefusalWords kWords = {"the forge",
                                 "Make a new one with repository and issue read and write",
                                 "give it the scope, or its owner the right"};
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

GiteaApi::GiteaApi(const ForgeClient& client, Secret token)
    : client_(client), token_(std::move(token)), gate_(client.GateOf(token_.Reveal(), "token")) {}

HttpCall GiteaApi::Prepare(std::string_view path) const {
  HttpCall call;
  call.url = Cat(base(), path);
  call.timeout = kTimeout;
  call.max_body_bytes = kMaxBody;
  call.headers = {{"authorization", Cat("token ", token_.Reveal())},
                  {"accept", "application/json"},
                  {"user-agent", "regreen"}};
  return call;
}

StatusOr<HttpAnswer> GiteaApi::Fetch(HttpCall call, std::stop_token stop) const {
  return client_.Call(*gate_, std::move(call), std::move(stop));
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

Status GiteaApi::ErrorOf(const HttpAnswer& answer, std::string_view what) const {
  const int status = answer.status;
  if (status >= 200 && status < 300) return OkStatus();
  if (client_.IsLimited(answer)) return client_.Limited(*gate_, answer, what);
  return Refusal(kWords, status, what, MessageOf(answer));
}

}  // namespace regreen
