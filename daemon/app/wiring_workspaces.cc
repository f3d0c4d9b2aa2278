#include <unistd.h>

#include <filesystem>
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

}  // namespace

Status AddWorkspaces(Application& app, const std::string& program) {
  const WorkspaceConfig& workspace = app.config.workspace;
  WorkspaceOptions options{
      workspace.kind, workspace.directory, workspace.read_only_paths,
      workspace.path, workspace.bases,     static_cast<std::uint64_t>(workspace.bases_max_bytes)};
  ASSIGN_OR_RETURN(options.networks, Networks(app));
  options.forwarder = Forwarder(program);
  options.ca_file = app.config.http.ca_file;
  options.limits = LimitsOf(workspace);
  if (workspace.kind == "coder") {
    const std::string name = CoderOfWorkspace(app.config);
    const CoderConfig& coder = app.config.coder.at(name);
    options.coder = OptionsOf(coder);
    ASSIGN_OR_RETURN(options.coder.token,
                     ResolveHeld(app, coder.token, Cat("coder.", name, ".token")));
  }
  if (workspace.kind == "exec") {
    options.exec = OptionsOf(app.config.exec.at(ExecOfWorkspace(app.config)));
    options.exec.cpu = options.limits.cpu;
    options.exec.memory_bytes = options.limits.memory_bytes;
  }
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
