// The container: the one place that knows every concrete class.
#pragma once

#include <memory>
#include <string>

#include "adapters/forge/client/gate.h"
#include "daemon/app/config.h"
#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/live_policies.h"
#include "daemon/pipeline/policy_origin.h"
#include "daemon/pipeline/runner.h"
#include "daemon/ports/repository.h"
#include "daemon/ports/store.h"
#include "daemon/ports/workspace.h"
#include "daemon/service/api_access.h"
#include "daemon/service/metrics.h"
#include "daemon/service/sweeper.h"

namespace regreen {

// Everything that the daemon works with. Members end in reverse order.
struct Application {
  Config config;
  SystemClock clock;
  Metrics metrics;
  std::unique_ptr<HttpClient> http;
  std::vector<std::unique_ptr<HttpClient>> forge_http;  // of forges with a ca_file or a proxy
  Gates forge_gates;
  std::unique_ptr<Store> store;
  std::unique_ptr<Mirror> mirror;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<WorkspaceFactory> workspaces;
  Adapters adapters;
  Agents agents;
  std::vector<ApiToken> api_tokens;
  std::vector<Secret> held;    // every secret of the configuration
  KnownSecrets known_secrets;  // the same, as the guard looks for them
  std::unique_ptr<PolicyOrigin> policy_origin;
  std::unique_ptr<LivePolicies> policies;
  Sweeps sweeps;
  std::unique_ptr<Collector> collector;
  std::unique_ptr<TaskRunner> runner;
};

// Reads secrets, opens the store, makes the adapters. The folders of the config are made when they
// are not there. `config` was checked by LoadConfig.
StatusOr<std::unique_ptr<Application>> Wire(Config config);

// Of the configuration, for a person's own use of what tasks left: without networks, so that no key
// of a model is read. A workspace whose secrets this person cannot read is left out, with a warning.
StatusOr<std::unique_ptr<WorkspaceFactory>> WorkspacesForPeople(const Config& config);

// The path of this very program, for the git child.
StatusOr<std::string> OwnProgram();

}  // namespace regreen
