// /api/v1/…: what people and their CI ask the daemon, in JSON. See the table in api.cc.
#pragma once

#include <semaphore>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/pipeline/live_policies.h"
#include "daemon/ports/policy_records.h"
#include "daemon/service/api_access.h"

namespace regreen {

inline constexpr std::size_t kMaxApiBodyBytes = 2 << 20;

struct ApiDependencies {
  const LivePolicies* policies = nullptr;
  const Clock* clock = nullptr;
  PolicyRecords* records = nullptr;
};

// Dependencies outlive it. Any thread.
class Api {
 public:
  Api(const ApiDependencies& dependencies, std::vector<ApiToken> tokens);

  // Every error is a problem by RFC 9457 that says what to do: 400 no JSON, 401 no token, 403 not
  // for this token, 404, 405 with Allow, 413, 415, 422 JSON that is not what was asked for, 429 and
  // 503 with Retry-After.
  HttpResponse Handle(const HttpRequest& request);

 private:
  struct Route;
  HttpResponse Serve(const Route& route, const HttpRequest& request, const std::string& name);

  const ApiDependencies deps_;
  ApiAccess access_;
  std::counting_semaphore<> working_;  // what costs processor time, at once
};

}  // namespace regreen
