// /api/v1/…: what people and their CI ask the daemon, in JSON. See the table in api.cc.
#pragma once

#include <functional>
#include <semaphore>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/live_policies.h"
#include "daemon/ports/policy_records.h"
#include "daemon/ports/store.h"
#include "daemon/ports/workspace.h"
#include "daemon/service/api_access.h"
#include "daemon/service/api_events.h"

namespace regreen {

inline constexpr std::size_t kMaxApiBodyBytes = 2 << 20;

struct ApiDependencies {
  const LivePolicies* policies = nullptr;
  const Clock* clock = nullptr;
  PolicyRecords* records = nullptr;
  Store* store = nullptr;
  const Collector* collector = nullptr;    // makes definite what a person asks for
  WorkspaceFactory* workspaces = nullptr;  // where tasks left something for a person
  std::function<void()> wake;              // there is new work; may be empty
};

// Dependencies outlive it. Any thread.
class Api {
 public:
  Api(const ApiDependencies& dependencies, std::vector<ApiToken> tokens);

  // Every error is a problem by RFC 9457 that says what to do: 400 no JSON, 401 no token, 403 not
  // for this token, 404, 405 with Allow, 409 what a task's state forbids, 413, 415, 422 JSON that
  // is not what was asked for, 429 and 503 with Retry-After.
  HttpResponse Handle(const HttpRequest& request);

 private:
  struct Route;
  HttpResponse Serve(const Route& route, const HttpRequest& request,
                     std::vector<std::string> parts);

  const ApiDependencies deps_;
  ApiAccess access_;
  EventStreams streams_;
  std::counting_semaphore<> working_;  // what costs processor time, at once
};

}  // namespace regreen
