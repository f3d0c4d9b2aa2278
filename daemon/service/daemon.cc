#include "daemon/service/daemon.h"

#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/service/group_commit.h"
#include "daemon/service/intake.h"

namespace regreen {
namespace {

// More waiters than this in one commit gain nothing, and make the first of them wait.
constexpr std::size_t kMaxBatch = 128;

HttpResponse Plain(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

}  // namespace

struct Daemon::Impl {
  explicit Impl(const DaemonOptions& options, const DaemonDependencies& dependencies)
      : deps(dependencies),
        workers(options.workers, *deps.store, *deps.collector, *deps.runner, *deps.metrics),
        commits(*deps.store, kMaxBatch, [this](std::size_t n) { deps.metrics->CountCommit(n); }),
        intake({deps.adapters, &commits, deps.metrics, deps.clock, [this] { workers.Wake(); }}),
        api({deps.policies, deps.clock, deps.store, deps.store, deps.collector, deps.workspaces,
             [this] { workers.LookAgain(); }},
            options.api_tokens) {}

  HttpResponse Operations(const HttpRequest& request) {
    if (request.path == "/healthz") return Plain(200, "ok\n");
    if (request.path == "/readyz") {
      const Status ready = deps.store->Ping();
      if (ready.ok()) return Plain(200, "ready\n");
      LogWarning("not ready", {{"why", Message(ready)}});
      return Plain(503, "the store cannot be written\n");
    }
    if (request.path == "/metrics") {
      const auto counts = deps.store->Count();
      if (!counts.ok()) return Plain(503, "the store cannot be read\n");
      deps.metrics->ShowPolicies(deps.policies->status());
      HttpResponse response = Plain(200, deps.metrics->Render(*counts));
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      return response;
    }
    if (request.path.starts_with("/api/")) return api.Handle(request);
    return Plain(404, "nothing is here; webhooks go to /hooks/<ci>\n");
  }

  DaemonDependencies deps;
  Workers workers;
  GroupCommit commits;
  Intake intake;
  Api api;
  std::unique_ptr<PolicyWatch> policy_watch;
  std::unique_ptr<Sweeper> sweeper;
  // Last, so that they end first: nothing arrives at what is gone.
  std::unique_ptr<HttpServer> operations;
  std::unique_ptr<HttpServer> server;
};

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const DaemonOptions& options,
                                                const DaemonDependencies& deps) {
  auto impl = std::make_unique<Impl>(options, deps);
  Impl* self = impl.get();
  const bool apart = options.operations.has_value();
  ASSIGN_OR_RETURN(impl->server,
                   HttpServer::Start(options.intake, [self, apart](HttpRequest& request) {
                     if (request.path.starts_with("/hooks/")) return self->intake.Handle(request);
                     return apart ? Plain(404, "nothing is here; webhooks go to /hooks/<ci>\n")
                                  : self->Operations(request);
                   }));
  if (apart) {
    ASSIGN_OR_RETURN(impl->operations,
                     HttpServer::Start(*options.operations, [self](const HttpRequest& request) {
                       return self->Operations(request);
                     }));
  }
  std::unique_ptr<FolderWatch> folder;
  if (!options.policy_folder.empty()) {
    std::vector<std::string> inner(PolicyFolders().begin(), PolicyFolders().end());
    folder = std::make_unique<FolderWatch>(options.policy_folder, std::move(inner));
  }
  impl->policy_watch = std::make_unique<PolicyWatch>(
      options.policy_watch, std::move(folder), [self](std::stop_token stop) {
        self->deps.policy_origin->Refresh(*self->deps.policies, std::move(stop));
      });
  impl->workers.Start();
  impl->sweeper = std::make_unique<Sweeper>(options.sweeps, *deps.store, *deps.clock,
                                            [self] { self->workers.Wake(); });
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::~Daemon() {
  impl_->server->Stop();
  impl_->policy_watch.reset();
  impl_->sweeper.reset();
  impl_->workers.Stop();
}

void Daemon::ReloadPolicies() {
  impl_->policy_watch->Trigger();
}

int Daemon::port() const {
  return impl_->server->port();
}
int Daemon::operations_port() const {
  return impl_->operations ? impl_->operations->port() : port();
}

}  // namespace regreen
