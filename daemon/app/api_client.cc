#include "daemon/app/api_client.h"

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostBytes = 8 << 20;

bool IsThisMachine(const std::string& host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace

StatusOr<ApiClient> ApiClient::Create(const ServerArguments& server) {
  auto url = ParseUrl(server.url);
  if (!url.ok()) return Annotate(url.status(), "--server");
  if (url->path != "/") return InvalidArgument("--server is an address without a path");
  if (url->scheme != "https" && !IsThisMachine(url->host)) {
    return InvalidArgument(
        Cat("--server: the token would be read on its way to ", url->host, "; use https"));
  }
  if (server.token.empty())
    return InvalidArgument("--token names the token of the API: file:PATH or env:NAME");
  auto token = ResolveSecret(server.token);
  if (!token.ok()) return Annotate(token.status(), "--token");
  MaskInLogs(*token);
  return ApiClient(NewHttpClient(server.ca_file), url->Origin(), *std::move(token));
}

StatusOr<HttpAnswer> ApiClient::Ask(const std::string& method, const std::string& path,
                                    const std::string& body, const Headers& headers,
                                    std::stop_token stop) const {
  HttpCall call;
  call.method = method;
  call.url = origin_ + path;
  call.headers = headers;
  call.headers.emplace_back("authorization", Cat("Bearer ", token_.Reveal()));
  if (method == "POST") call.headers.emplace_back("content-type", "application/json");
  call.body = body;
  // A task by hand asks a remote of git before it is answered.
  call.timeout = absl::Minutes(2);
  call.max_body_bytes = kMostBytes;
  call.stop = std::move(stop);
  return http_->Call(call);
}

StatusOr<std::string> BodyOf(const HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  const auto problem = Json::Parse(answer.body);
  const std::string detail = problem.ok() ? (*problem)["detail"].StringOr("") : "";
  if (detail.empty()) return Unavailable(Cat("the daemon answered ", answer.status));
  return InvalidArgument(detail);
}

}  // namespace regreen
