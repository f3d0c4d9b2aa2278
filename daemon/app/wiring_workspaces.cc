#include <unistd.h>

#include <filesystem>
#include <functional>
#include <utility>

#include "adapters/agent/registry.h"
#include "adapters/workspace/choice.h"
#include "adapters/workspace/registry.h"
#include "daemon/app/agent_programs.h"
#include "daemon/app/wiring_parts.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

StatusOr<EgressSets> Networks(Application& app) {
  EgressSets sets;
  for (const auto& [name, network] : app.config.network) {
    EgressSet& set = sets[name] = EgressOf(network);
    if (network.kind != "model") continue;
    ASSIGN_OR_RETURN(set.key, ResolveHeld(app, network.key, Cat("network.", name, ".key")));
  }
  return sets;
}

// Beside the program where it was built, below the same prefix where it is installed. The program
// itself does as well, and starts slower.
std::string Forwarder(const std::string& program) {
  const auto folder = std::filesystem::path(program).parent_path();
  for (const char* relative : {"regreen-forward", "../libexec/regreen/regreen-forward"}) {
    const std::string path = (folder / relative).lexically_normal().string();
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return program;
}

WorkspaceOptions Plain(const ConfiguredWorkspace& one) {
  const WorkspaceKindConfig& config = *one.config;
  WorkspaceOptions options{
      config.kind, one.directory, config.read_only_paths,
      config.path, config.bases,  static_cast<std::uint64_t>(config.bases_max_bytes)};
  options.container = {config.program, config.image, config.rootfs, config.options};
  return options;
}

using Resolver =
    std::function<StatusOr<Secret>(const std::string& reference, const std::string& key)>;

// What a kind needs that is in a section of its own.
Status Elsewhere(const Config& all, const WorkspaceKindConfig& config, const Resolver& resolve,
                 WorkspaceOptions& options) {
  options.limits = LimitsOf(config);
  if (config.kind == "coder") {
    const std::string name = CoderOfWorkspace(all, config);
    const CoderConfig& coder = all.coder.at(name);
    options.coder = OptionsOf(coder);
    ASSIGN_OR_RETURN(options.coder.token, resolve(coder.token, Cat("coder.", name, ".token")));
  }
  if (config.kind == "exec") {
    options.exec = OptionsOf(all.exec.at(ExecOfWorkspace(all, config)));
    options.exec.cpu = options.limits.cpu;
    options.exec.memory_bytes = options.limits.memory_bytes;
  }
  return OkStatus();
}

StatusOr<Secret> SecretOf(const std::string& reference, const std::string& key) {
  auto secret = ResolveSecret(reference);
  if (secret.ok()) MaskInLogs(*secret);
  return secret.ok() ? std::move(secret) : Annotate(secret.status(), key);
}

// One is itself, whatever a task was planned for.
std::unique_ptr<WorkspaceFactory> Together(std::vector<NamedWorkspaces> all) {
  if (all.size() == 1) return std::move(all[0].factory);
  return NewWorkspaceChoice(std::move(all));
}

}  // namespace

Status AddWorkspaces(Application& app, const std::string& program) {
  ASSIGN_OR_RETURN(const EgressSets networks, Networks(app));
  const Resolver resolve = [&app](const std::string& reference, const std::string& key) {
    return ResolveHeld(app, reference, key);
  };
  std::vector<NamedWorkspaces> all;
  for (const ConfiguredWorkspace& one : WorkspacesOf(app.config)) {
    WorkspaceOptions options = Plain(one);
    options.networks = networks;
    options.forwarder = Forwarder(program);
    options.ca_file = app.config.http.ca_file;
    RETURN_IF_ERROR(Annotate(Elsewhere(app.config, *one.config, resolve, options), one.at));
    auto factory = CreateWorkspaceFactory(options);
    if (!factory.ok()) return Annotate(factory.status(), one.at);
    all.push_back({one.name, *std::move(factory)});
  }
  app.workspaces = Together(std::move(all));
  return OkStatus();
}

StatusOr<std::unique_ptr<WorkspaceFactory>> WorkspacesForPeople(const Config& config) {
  std::vector<NamedWorkspaces> all;
  Status why = FailedPrecondition("the configuration has no workspace");
  for (const ConfiguredWorkspace& one : WorkspacesOf(config)) {
    WorkspaceOptions options = Plain(one);
    // Where a person may not read what the daemon reads, the others are theirs all the same.
    const Status known = Elsewhere(config, *one.config, SecretOf, options);
    auto factory = known.ok() ? CreateWorkspaceFactory(options) : known;
    if (factory.ok()) {
      all.push_back({one.name, *std::move(factory)});
    } else {
      why = Annotate(factory.status(), one.at);
      LogWarning("what this workspace keeps is not found", {{"why", Message(why)}});
    }
  }
  if (all.empty()) return why;
  return Together(std::move(all));
}

Status AddAgents(Application& app) {
  for (const auto& [name, agent] : app.config.agent) {
    auto made = CreateAgent(OptionsOf(name, agent));
    if (!made.ok()) return Annotate(made.status(), Cat("agent.", name));
    // What needs no agent is repaired all the same.
    const auto program = FindAgentProgram(app.config.workspace, agent);
    if (!program.ok())
      LogWarning("an agent cannot work", {{"agent", name}, {"why", Message(program.status())}});
    app.agents[name] = *std::move(made);
  }
  return OkStatus();
}

}  // namespace regreen
