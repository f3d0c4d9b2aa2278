// The door: POST /hooks/<ci>. Size, signature, shape, one durable row, then the answer; nothing
// else.
#pragma once

#include <functional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/pipeline/collect.h"
#include "daemon/service/group_commit.h"
#include "daemon/service/metrics.h"

namespace regreen {

struct IntakeDependencies {
  const Adapters* adapters = nullptr;
  GroupCommit* commits = nullptr;
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
  std::function<void()> on_work;  // there is a pending delivery
};

// Dependencies outlive it. Any thread.
class Intake {
 public:
  explicit Intake(IntakeDependencies dependencies) : deps_(std::move(dependencies)) {}
  // 202 durable, 200 seen before, 400 malformed, 401 not authentic, 404 no such CI, 405 not a POST,
  // 503 not durable: nothing was taken, send it again.
  // Takes the body out of the request.
  HttpResponse Handle(HttpRequest& request) const;

 private:
  HttpResponse Take(const std::string& ci, HttpRequest& request, std::string_view& outcome) const;
  IntakeDependencies deps_;
};

}  // namespace regreen
