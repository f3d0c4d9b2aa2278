#include <utility>

#include "adapters/agent/registry.h"
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

}  // namespace

Status AddWorkspaces(Application& app, const std::string& program) {
  const WorkspaceConfig& workspace = app.config.workspace;
  WorkspaceOptions options{
      workspace.kind, workspace.directory, workspace.read_only_paths,
      workspace.path, workspace.bases,     static_cast<std::uint64_t>(workspace.bases_max_bytes)};
  ASSIGN_OR_RETURN(options.networks, Networks(app));
  options.forwarder = program;
  options.ca_file = app.config.http.ca_file;
  ASSIGN_OR_RETURN(app.workspaces, CreateWorkspaceFactory(options));
  return OkStatus();
}

StatusOr<std::unique_ptr<WorkspaceFactory>> WorkspacesForPeople(const Config& config) {
  const WorkspaceConfig& workspace = config.workspace;
  return CreateWorkspaceFactory({workspace.kind, workspace.directory, workspace.read_only_paths,
                                 workspace.path, workspace.bases,
                                 static_cast<std::uint64_t>(workspace.bases_max_bytes)});
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
