// What Coder's answers say of a workspace. Pure.
#include <utility>

#include "adapters/workspace/coder_workspaces.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxError = 600;

std::string Words(std::string_view untrusted) {
  return EscapeControl(Truncate(untrusted, kMaxError));
}

CoderReadiness Waiting(std::string words) {
  CoderReadiness made;
  made.words = std::move(words);
  return made;
}

CoderReadiness Failed(std::string words, StatusCode code = StatusCode::kUnavailable) {
  CoderReadiness made;
  made.state = CoderReadiness::kFailed;
  made.words = std::move(words);
  made.code = code;
  return made;
}

CoderReadiness OfAgent(const CoderAgent& agent) {
  const std::string name = Cat("its agent ", Words(agent.name));
  const auto failed = [&](std::string_view what) {
    CoderReadiness made = Failed(Cat(name, " ", what, agent.reason.empty() ? "" : " (",
                                     Words(agent.reason), agent.reason.empty() ? "" : ")"));
    made.failed_agent = agent.id;
    return made;
  };
  if (agent.lifecycle == "start_error") return failed("ended its start with an error");
  if (agent.lifecycle == "start_timeout") return failed("did not end its start in time");
  if (agent.lifecycle == "off" || agent.lifecycle.starts_with("shut"))
    return failed("is shutting down");
  if (agent.status == "timeout") return failed("did not connect in time");
  if (agent.status == "disconnected") return failed("lost its connection");
  if (agent.status != "connected") return Waiting(Cat("for ", name, " to connect"));
  if (agent.lifecycle != "ready") return Waiting(Cat("for ", name, " to end its start"));
  CoderReadiness made;
  made.state = CoderReadiness::kReady;
  made.agent = agent.name;
  return made;
}

CoderReadiness OfAgents(const std::vector<CoderAgent>& agents, std::string_view wanted) {
  if (agents.empty())
    return Failed("it has no agent to run commands by: give its template a coder_agent",
                  StatusCode::kInvalidArgument);
  if (wanted.empty() && agents.size() == 1) return OfAgent(agents.front());
  std::vector<std::string> names;
  for (const CoderAgent& agent : agents) {
    if (!wanted.empty() && agent.name == wanted) return OfAgent(agent);
    names.push_back(Words(agent.name));
  }
  if (wanted.empty())
    return Failed(Cat("it has several agents, ", Join(names, ", "),
                      ": name the one for commands in the workspace's agent"),
                  StatusCode::kInvalidArgument);
  return Failed(Cat("it has no agent called ", Words(wanted), DidYouMean(wanted, names)),
                StatusCode::kInvalidArgument);
}

}  // namespace

CoderReadiness ReadinessOf(const CoderWorkspace& workspace, std::string_view agent) {
  const CoderBuild& build = workspace.build;
  if (build.transition != "start")
    return Failed(Cat("somebody asked Coder to ", Words(build.transition), " it meanwhile"));
  if (build.job == "failed") {
    const std::string why = build.error.empty() ? "" : Cat(": ", Words(build.error));
    // Time alone cures no missing variable; it may cure the rest, a quota too.
    const bool permanent = build.error_code == "REQUIRED_TEMPLATE_VARIABLES";
    return Failed(Cat("its build failed", why),
                  permanent ? StatusCode::kInvalidArgument : StatusCode::kUnavailable);
  }
  if (build.job == "canceled" || build.job == "canceling") return Failed("its build was cancelled");
  if (build.job == "pending") return Waiting("for a provisioner to take its build");
  if (build.job != "succeeded") return Waiting("for its build");
  return OfAgents(workspace.agents, agent);
}

}  // namespace regreen
