#include <sys/file.h>
#include <unistd.h>

#include <fcntl.h>
#include <cerrno>
#include <csignal>

#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/service/daemon.h"

namespace regreen {
namespace {

void Configure(const LogConfig& log) {
  LogLevel level = LogLevel::kInfo;
  if (log.level == "debug") level = LogLevel::kDebug;
  if (log.level == "warning") level = LogLevel::kWarning;
  if (log.level == "error") level = LogLevel::kError;
  ConfigureLog(log.format == "json" ? LogFormat::kJson : LogFormat::kText, level);
}

// One daemon for one embedded store: a second would remove the first one's workspaces at its start.
StatusOr<UniqueFd> LockStore(const std::string& path) {
  const std::string lock = Cat(path, ".lock");
  UniqueFd fd(open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return ErrnoStatus(errno, lock);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return AlreadyExists(Cat("another regreen serves with ", path,
                             "; stop it first, or give this one a store of its own"));
  }
  return fd;
}

StatusOr<DaemonOptions> OptionsOf(const Config& config) {
  DaemonOptions options;
  ASSIGN_OR_RETURN(const auto listen, ParseListen(config.server.listen));
  options.intake.address = listen.first;
  options.intake.port = listen.second;
  options.intake.max_body_bytes = static_cast<std::size_t>(config.server.max_body_bytes);
  if (!config.server.operations_listen.empty()) {
    ASSIGN_OR_RETURN(const auto operations, ParseListen(config.server.operations_listen));
    options.operations.emplace();
    options.operations->address = operations.first;
    options.operations->port = operations.second;
    options.operations->max_body_bytes = kMaxApiBodyBytes;
  }
  options.workers.count = static_cast<int>(config.workers.count);
  options.workers.lease = config.workers.lease;
  options.workers.name = Cat("worker-", RandomHex(4));
  if (config.policies.remote.empty()) {
    options.policy_folder = config.policies.directory;
  } else {
    options.policy_watch.every = config.policies.every;
  }
  return options;
}

// How often workspaces are removed that were kept for long enough.
constexpr time_t kSweepSeconds = 30;

void Sweep(WorkspaceFactory& workspaces) {
  if (const Status swept = workspaces.Reap(); !swept.ok())
    LogWarning("workspaces are not swept", {{"why", Message(swept)}});
}

Status ServeUntil(const sigset_t& signals, const ServeArguments& arguments) {
  ASSIGN_OR_RETURN(Config config, LoadConfigOrExplain(arguments.config));
  Configure(config.log);
  ASSIGN_OR_RETURN(DaemonOptions options, OptionsOf(config));
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(config.store.path).parent_path(), 0700));
  ASSIGN_OR_RETURN(const UniqueFd lock, LockStore(config.store.path));
  ASSIGN_OR_RETURN(const auto app, Wire(std::move(config)));
  options.api_tokens = app->api_tokens;
  options.sweeps = app->sweeps;
  RETURN_IF_ERROR(app->workspaces->Reap());
  if (const Status probe = app->workspaces->Probe(); !probe.ok()) {
    LogError("no workspace can be opened; deliveries are taken, and repairs wait",
             {{"why", Message(probe)}});
  }
  ASSIGN_OR_RETURN(
      const auto daemon,
      Daemon::Start(options, {app->store.get(), &app->clock, &app->adapters, app->collector.get(),
                              app->runner.get(), app->policies.get(), app->policy_origin.get(),
                              app->workspaces.get(), &app->metrics}));
  LogInfo(
      "listening",
      {{"address", Cat(options.intake.address, ":", daemon->port())},
       {"operations", Cat(options.operations ? options.operations->address : options.intake.address,
                          ":", daemon->operations_port())},
       {"templates", Cat(app->policies->Current()->templates->templates().size())}});
  int signal = 0;
  for (;;) {
    const timespec pause = {kSweepSeconds, 0};
    signal = sigtimedwait(&signals, nullptr, &pause);
    if (signal < 0 && errno == EINTR) continue;
    if (signal < 0 && errno == EAGAIN) {
      Sweep(*app->workspaces);
      continue;
    }
    if (signal != SIGHUP) break;
    LogInfo("reading policies again", {{"signal", Cat(signal)}});
    daemon->ReloadPolicies();
  }
  LogInfo("stopping", {{"signal", Cat(signal)}});
  return OkStatus();
}

}  // namespace

int Serve(const ServeArguments& arguments) {
  // Blocked before any thread is made, so that only sigwait takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const Status served = ServeUntil(signals, arguments);
  if (!served.ok()) return Complain(served);
  LogInfo("stopped");
  return kDone;
}

}  // namespace regreen
