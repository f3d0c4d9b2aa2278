// The running service: intake, workers and operations over one store.
#pragma once

#include <memory>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/status.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/policy_origin.h"
#include "daemon/pipeline/runner.h"
#include "daemon/ports/store.h"
#include "daemon/service/api.h"
#include "daemon/service/metrics.h"
#include "daemon/service/policy_watch.h"
#include "daemon/service/sweeper.h"
#include "daemon/service/workers.h"

namespace regreen {

struct DaemonOptions {
  HttpServerOptions intake;
  std::optional<HttpServerOptions> operations;  // nullopt: at the intake's address
  WorkersOptions workers;
  PolicyWatchOptions policy_watch;
  std::vector<ApiToken> api_tokens;  // none: the API answers nobody
  std::string policy_folder;         // watched for changes; "" for none
  Sweeps sweeps = {};                // none: what webhooks do not tell is not looked for
};

struct DaemonDependencies {
  Store* store = nullptr;
  const Clock* clock = nullptr;
  const Adapters* adapters = nullptr;
  const Collector* collector = nullptr;
  const TaskRunner* runner = nullptr;
  LivePolicies* policies = nullptr;
  PolicyOrigin* policy_origin = nullptr;
  WorkspaceFactory* workspaces = nullptr;
  Metrics* metrics = nullptr;
};

class Daemon {
 public:
  // Dependencies outlive it. Listens before it works, so that a taken port changes nothing.
  static StatusOr<std::unique_ptr<Daemon>> Start(const DaemonOptions& options,
                                                 const DaemonDependencies& deps);
  ~Daemon();  // stops: no new deliveries, then the workers

  // Reads the policies again, on a thread of their own. Any thread.
  void ReloadPolicies();

  int port() const;
  int operations_port() const;

 private:
  struct Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace regreen
