#include <filesystem>

#include "adapters/store/sqlite.h"
#include "adapters/workspace/registry.h"
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/base/file.h"
#include "daemon/base/secret.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class Findings {
 public:
  void Note(std::string_view what, const Status& status, std::string_view when_good) {
    const bool ok = status.ok();
    bad_ = bad_ || !ok;
    PrintOut(Cat(ok ? "  ok  " : " BAD  ", what, ": ",
                 EscapeControlKeepLines(ok ? std::string(when_good) : Message(status)), "\n"));
  }
  bool bad() const { return bad_; }

 private:
  bool bad_ = false;
};

Status TryStore(const std::string& path) {
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(path).parent_path(), 0700));
  const SystemClock clock;
  ASSIGN_OR_RETURN(const auto store, OpenSqliteStore(path, clock));
  return store->Ping();
}

void LookAtWorkspace(const WorkspaceOptions& options, Findings& findings) {
  const auto factory = CreateWorkspaceFactory(options);
  findings.Note(Cat("workspace \"", options.kind, "\""),
                factory.ok() ? (*factory)->Probe() : factory.status(),
                options.kind == "worktree"
                    ? "works, WITHOUT isolation: for code that you trust"
                    : "isolates: own namespaces, no network, read-only system");
}

void LookAtPolicies(const std::string& folder, Findings& findings) {
  Problems problems;
  const Policies policies = LoadPolicyFolder(folder, problems);
  const Status status = problems.ToStatus();
  findings.Note("policies", status,
                status.ok() ? Cat(policies.templates->templates().size(), " templates, ",
                                  policies.rules->size(), " log rules in ", folder)
                            : "");
}

void LookAtSecrets(const Config& config, Findings& findings) {
  const auto look = [&](const std::string& key, const std::string& reference) {
    if (reference.empty()) return;
    findings.Note(key, ResolveSecret(reference).status(), "can be read");
  };
  for (const auto& [name, api] : config.api) look(Cat("api.", name, ".token"), api.token);
  for (const auto& [name, forge] : config.forge) {
    look(Cat("forge.", name, ".token"), forge.token);
    look(Cat("forge.", name, ".app_key"), forge.app_key);
  }
  for (const auto& [name, ci] : config.ci) {
    look(Cat("ci.", name, ".secret"), ci.secret);
    for (const std::string& old : ci.old_secrets) look(Cat("ci.", name, ".old_secrets"), old);
  }
  for (const auto& [name, network] : config.network)
    look(Cat("network.", name, ".key"), network.key);
}

}  // namespace

int Doctor(const DoctorArguments& arguments) {
  LogWarningsOnly();
  Findings findings;
  const auto scratch = TempDir::Create(std::filesystem::temp_directory_path(), "regreen-doctor-");
  if (!scratch.ok()) return Complain(scratch.status());
  if (arguments.config.empty()) {
    LookAtWorkspace({"sandbox", scratch->path().string(), {}, {}}, findings);
    findings.Note("store", TryStore((scratch->path() / "store.db").string()),
                  "SQLite works in the temporary folder");
    LookAtPolicies(ShippedPolicies(), findings);
    return findings.bad() ? kBad : kDone;
  }
  Problems problems;
  const Config config = LoadConfig(arguments.config, problems);
  findings.Note("configuration", problems.ToStatus(), arguments.config);
  // In a folder of its own: a daemon may be at work in the configured one.
  LookAtWorkspace({config.workspace.kind, scratch->path().string(),
                   config.workspace.read_only_paths, config.workspace.path},
                  findings);
  findings.Note("store", TryStore(config.store.path), Cat(config.store.path, " can be written"));
  if (config.policies.remote.empty()) LookAtPolicies(config.policies.directory, findings);
  LookAtSecrets(config, findings);
  return findings.bad() ? kBad : kDone;
}

}  // namespace regreen
