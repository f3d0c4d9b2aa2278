#include "daemon/service/api.h"

#include <set>

#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/service/api_answer.h"
#include "daemon/service/api_explain.h"
#include "daemon/service/api_policies.h"

namespace regreen {
namespace {

constexpr std::string_view kPrefix = "/api/v1/";
constexpr int kAtOnce = 2;  // the intake must not wait for those who try things out

bool IsJson(const Headers& headers) {
  const std::string type = Lower(HeaderValue(headers, "content-type"));
  return Trim(std::string_view(type).substr(0, type.find(';'))) == "application/json";
}

}  // namespace

// A GET takes the last part of its path; a POST takes a body, and costs.
struct Api::Route {
  std::string_view method;
  std::string_view path;  // below the prefix; a part "{name}" is any one
  ApiRole role;
  HttpResponse (*get)(const ApiDependencies&, const HttpRequest&, const std::string& name);
  HttpResponse (*post)(const ApiDependencies&, const Json& body);

  static std::span<const Route> All();
  bool Fits(std::string_view asked, std::string& name) const;
};

std::span<const Api::Route> Api::Route::All() {
  static constexpr Route kRoutes[] = {
      {"GET", "policies", ApiRole::kViewer, ListPoliciesAnswer, nullptr},
      {"GET", "policies/{name}", ApiRole::kViewer, ShowPolicyAnswer, nullptr},
      {"POST", "policies/check", ApiRole::kViewer, nullptr, CheckPoliciesAnswer},
      {"POST", "policies/explain", ApiRole::kViewer, nullptr, ExplainPoliciesAnswer},
  };
  return kRoutes;
}

bool Api::Route::Fits(std::string_view asked, std::string& name) const {
  const std::size_t brace = path.find('{');
  if (brace == std::string_view::npos) return asked == path;
  if (!asked.starts_with(path.substr(0, brace))) return false;
  const std::string_view part = asked.substr(brace);
  if (part.empty() || part.find('/') != std::string_view::npos) return false;
  name = part;
  return true;
}

Api::Api(const ApiDependencies& dependencies, std::vector<ApiToken> tokens)
    : deps_(dependencies), access_(std::move(tokens), *dependencies.clock), working_(kAtOnce) {}

HttpResponse Api::Handle(const HttpRequest& request) {
  if (auto refusal = access_.Refusal(request.headers, ApiRole::kViewer)) {
    LogInfo("an API request was refused", {{"from", request.remote_address},
                                           {"path", Truncate(request.path, 200)},
                                           {"status", Cat(refusal->status)}});
    return *std::move(refusal);
  }
  const std::string_view path = request.path;
  const std::string_view asked =
      path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : std::string_view();
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::set<std::string> allowed;
  for (const Route& route : Route::All()) {
    std::string name;
    if (!route.Fits(asked, name)) continue;
    if (route.method == method) return Serve(route, request, name);
    allowed.emplace(route.method);
  }
  if (allowed.empty()) {
    return ProblemAnswer(404, "nothing is here; the API begins at /api/v1/policies");
  }
  const std::string list = Join(std::vector<std::string>(allowed.begin(), allowed.end()), ", ");
  HttpResponse response = ProblemAnswer(405, Cat("this is asked by ", list));
  response.headers.emplace_back("allow", list);
  return response;
}

HttpResponse Api::Serve(const Route& route, const HttpRequest& request, const std::string& name) {
  if (auto refusal = access_.Refusal(request.headers, route.role)) return *std::move(refusal);
  if (route.get != nullptr) return route.get(deps_, request, name);
  if (!IsJson(request.headers))
    return ProblemAnswer(415, "send JSON, with the header \"Content-Type: application/json\"");
  if (request.body.size() > kMaxApiBodyBytes)
    return ProblemAnswer(413, Cat("the body has more than ", kMaxApiBodyBytes, " bytes"));
  if (auto too_much = access_.TooMuch(request.headers)) return *std::move(too_much);
  if (!working_.try_acquire()) {
    HttpResponse busy = ProblemAnswer(503, "others are asking; ask again in a few seconds");
    busy.headers.emplace_back("retry-after", "2");
    return busy;
  }
  struct Release {
    std::counting_semaphore<>& working;
    ~Release() { working.release(); }
  } release{working_};
  const auto body = Json::Parse(request.body);
  if (!body.ok()) return ProblemAnswer(400, Message(body.status()));
  return route.post(deps_, *body);
}

}  // namespace regreen
