#include "daemon/service/api.h"

#include <set>

#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/service/api_answer.h"
#include "daemon/service/api_explain.h"
#include "daemon/service/api_policies.h"
#include "daemon/service/api_tasks.h"

namespace regreen {
namespace {

constexpr std::string_view kPrefix = "/api/v1/";
constexpr int kAtOnce = 2;  // the intake must not wait for those who try things out

bool IsJson(const Headers& headers) {
  const std::string type = Lower(HeaderValue(headers, "content-type"));
  return Trim(std::string_view(type).substr(0, type.find(';'))) == "application/json";
}

}  // namespace

// A POST takes a body, and costs. A body may be left out where nothing must be said.
struct Api::Route {
  std::string_view method;
  std::string_view path;  // below the prefix; a part "{name}" is any one
  ApiRole role;
  HttpResponse (*get)(const ApiDependencies&, const ApiCall&);
  HttpResponse (*post)(const ApiDependencies&, const ApiCall&, const Json& body);
  bool may_be_empty = false;

  static std::span<const Route> All();
  bool Fits(std::string_view asked, std::vector<std::string>& parts) const;
};

std::span<const Api::Route> Api::Route::All() {
  constexpr ApiRole kViewer = ApiRole::kViewer, kOperator = ApiRole::kOperator;
  static constexpr Route kRoutes[] = {
      {"GET", "policies", kViewer, ListPoliciesAnswer, nullptr},
      {"GET", "policies/{name}", kViewer, ShowPolicyAnswer, nullptr},
      {"POST", "policies/check", kViewer, nullptr, CheckPoliciesAnswer},
      {"POST", "policies/explain", kViewer, nullptr, ExplainPoliciesAnswer},
      {"GET", "tasks", kViewer, ListTasksAnswer, nullptr},
      {"POST", "tasks", kOperator, nullptr, CreateTaskAnswer},
      {"GET", "tasks/{id}", kViewer, ShowTaskAnswer, nullptr},
      {"GET", "tasks/{id}/events", kViewer, TaskEventsAnswer, nullptr},
      {"GET", "tasks/{id}/workspace", kOperator, TaskWorkspaceAnswer, nullptr},
      {"GET", "tasks/{id}/artifacts/{name}", kViewer, TaskArtifactAnswer, nullptr},
      {"POST", "tasks/{id}/approve", kOperator, nullptr, ApproveTaskAnswer, true},
      {"POST", "tasks/{id}/resume", kOperator, nullptr, ResumeTaskAnswer, true},
      {"POST", "tasks/{id}/reject", kOperator, nullptr, RejectTaskAnswer, true},
      {"POST", "tasks/{id}/cancel", kOperator, nullptr, CancelTaskAnswer, true},
  };
  return kRoutes;
}

bool Api::Route::Fits(std::string_view asked, std::vector<std::string>& parts) const {
  const std::vector<std::string_view> wanted = Split(path, '/'), given = Split(asked, '/');
  if (wanted.size() != given.size()) return false;
  parts.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{') && !given[i].empty())
      parts.emplace_back(given[i]);
    else if (wanted[i] != given[i])
      return false;
  }
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
    std::vector<std::string> parts;
    if (!route.Fits(asked, parts)) continue;
    if (route.method == method) return Serve(route, request, std::move(parts));
    allowed.emplace(route.method);
  }
  if (allowed.empty()) {
    return ProblemAnswer(404,
                         "nothing is here; the API begins at /api/v1/policies and /api/v1/tasks");
  }
  const std::string list = Join(std::vector<std::string>(allowed.begin(), allowed.end()), ", ");
  HttpResponse response = ProblemAnswer(405, Cat("this is asked by ", list));
  response.headers.emplace_back("allow", list);
  return response;
}

HttpResponse Api::Serve(const Route& route, const HttpRequest& request,
                        std::vector<std::string> parts) {
  if (auto refusal = access_.Refusal(request.headers, route.role)) return *std::move(refusal);
  const ApiCall call{request, std::move(parts), access_.WhoAsks(request.headers), &streams_};
  if (route.get != nullptr) return route.get(deps_, call);
  const bool empty = route.may_be_empty && request.body.empty();
  if (!empty && !IsJson(request.headers))
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
  const auto body = Json::Parse(empty ? "{}" : std::string_view(request.body));
  if (!body.ok()) return ProblemAnswer(400, Message(body.status()));
  return route.post(deps_, call, *body);
}

}  // namespace regreen
