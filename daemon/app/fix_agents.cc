#include "daemon/app/fix_agents.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "adapters/agent/registry.h"
#include "daemon/app/config.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/base/secret.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

// An agent that needs no configuration: how its own users say where its model is.
struct KnownAgent {
  const char *name, *key_variable, *url_variable;
  std::vector<std::string> paths;
  const char *key_header, *key_prefix;
};
const std::vector<KnownAgent>& KnownAgents() {
  static const std::vector<KnownAgent> agents = {
      {"claude",
       "ANTHROPIC_API_KEY",
       "ANTHROPIC_BASE_URL",
       {"POST /v1/messages", "POST /v1/messages/count_tokens"},
       "x-api-key",
       ""},
      {"codex",
       "OPENAI_API_KEY",
       "OPENAI_BASE_URL",
       {"POST /v1/responses"},
       "authorization",
       "Bearer "},
      {"opencode",
       "OPENAI_API_KEY",
       "OPENAI_BASE_URL",
       {"POST /v1/chat/completions"},
       "authorization",
       "Bearer "},
  };
  return agents;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "" for none.
std::string ConfigFile(const FixArguments& arguments) {
  if (!arguments.config.empty()) return arguments.config;
  if (const std::string named = Variable("REGREEN_CONFIG"); !named.empty()) return named;
  const std::string home = Variable("HOME");
  const std::string usual = Cat(home, "/.config/regreen/config.toml");
  std::error_code error;
  return !home.empty() && fs::exists(usual, error) ? usual : "";
}

// What a program outside of the system brings along, shown inside read-only: its packages where it
// is a script of Node.js, else its own folder. Never all of a home.
void ShowProgram(const std::string& program, WorkspaceOptions& workspace) {
  std::error_code error;
  const fs::path real = fs::canonical(program, error);
  if (error || real.string().starts_with("/usr/")) return;
  fs::path shown = real.parent_path();
  for (fs::path at = shown; at.has_relative_path(); at = at.parent_path()) {
    if (at.filename() == "node_modules") shown = at;
  }
  if (shown == fs::path(Variable("HOME")) || !shown.has_relative_path()) return;
  workspace.read_only_paths.push_back(shown.string());
}

StatusOr<EgressSet> ModelOf(const KnownAgent& known) {
  EgressSet set;
  set.kind = "model";
  set.paths = known.paths;
  set.key_header = known.key_header;
  set.key_prefix = known.key_prefix;
  auto key = ResolveSecret(Cat("env:", known.key_variable));
  if (!key.ok()) {
    return InvalidArgument(Cat("the agent ", known.name, " has no key for its model: set ",
                               known.key_variable, ", or name it by [agent.", known.name,
                               "] and [network.NAME] in ~/.config/regreen/config.toml"));
  }
  MaskInLogs(*key);
  set.key = *std::move(key);
  set.upstream = Variable(known.url_variable);
  if (set.upstream.empty()) {
    return InvalidArgument(Cat("the agent ", known.name, " has no address for its model: set ",
                               known.url_variable,
                               " to that of your provider; none is written into this program"));
  }
  while (set.upstream.ends_with('/')) set.upstream.pop_back();
  // Some write the version of the API into the address, which is in the calls already.
  if (set.upstream.ends_with("/v1")) set.upstream.resize(set.upstream.size() - 3);
  if (const Status good = CheckEgressSet(set); !good.ok())
    return Annotate(good, known.url_variable);
  return set;
}

// It speaks the Agent Client Protocol, knows no provider by itself, and would fetch a list of them.
// The variables are of its documentation.
Status SpeakAsOpencode(AgentOptions& options) {
  const std::string model = std::exchange(options.model, "");
  if (model.empty())
    return InvalidArgument("the agent opencode has no model: name one of your provider by --model");
  options.kind = "acp";
  options.command = Cat(ShellQuoted(options.command), " acp");
  JsonWriter json;
  json.BeginObject().Field("model", Cat("regreen/", model)).Field("share", "disabled");
  json.Field("autoupdate", false).Key("provider").BeginObject().Key("regreen").BeginObject();
  json.Field("npm", "@ai-sdk/openai-compatible").Field("name", "regreen");
  json.Key("options").BeginObject().Field("baseURL", "{url}/v1");
  json.Field("apiKey", "added-outside").EndObject();
  json.Key("models").BeginObject().Key(model).BeginObject().Field("name", model);
  json.EndObject().EndObject().EndObject().EndObject().EndObject();
  for (const char* off : {"AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS"})
    options.env[Cat("OPENCODE_DISABLE_", off)] = "1";
  options.env["OPENCODE_CONFIG_CONTENT"] = json.Take();
  return OkStatus();
}

StatusOr<AgentOptions> KnownOptions(const KnownAgent& known, const FixArguments& arguments,
                                    WorkspaceOptions& workspace) {
  auto program = FindProgram(known.name);
  if (!program.ok()) {
    return NotFound(Cat("there is no program ", known.name,
                        " in PATH: install it, or name it by command in [agent.", known.name,
                        "] of ~/.config/regreen/config.toml"));
  }
  const std::string network = Cat(known.name, "-model");
  ASSIGN_OR_RETURN(workspace.networks[network], ModelOf(known));
  ShowProgram(*program, workspace);
  std::error_code error;
  const fs::path real = fs::canonical(*program, error);
  if (const auto node = FindProgram("node"); node.ok() && !node->starts_with("/usr/")) {
    ShowProgram(*node, workspace);
    workspace.path.push_back(fs::canonical(*node, error).parent_path().string());
  }
  AgentOptions options;
  options.name = options.kind = known.name;
  options.command = real.string();
  options.network = network;
  options.model = arguments.model;
  options.silence = absl::Minutes(5);
  if (options.name == "opencode") RETURN_IF_ERROR(SpeakAsOpencode(options));
  return options;
}

Status ReadConfig(const std::string& file, FixSetup& setup, Config& config) {
  if (file.empty()) return OkStatus();
  ASSIGN_OR_RETURN(config, LoadConfigOrExplain(file, ConfigUse::kByHand));
  setup.workspace.read_only_paths = config.workspace.read_only_paths;
  setup.workspace.path = config.workspace.path;
  setup.workspace.ca_file = config.http.ca_file;
  return OkStatus();
}

Status AddNetwork(const Config& config, const std::string& name, FixSetup& setup) {
  const auto network = config.network.find(name);
  if (network == config.network.end()) return OkStatus();
  EgressSet& set = setup.workspace.networks[name] = EgressOf(network->second);
  if (network->second.kind != "model") return OkStatus();
  auto key = ResolveSecret(network->second.key);
  if (!key.ok()) return Annotate(key.status(), Cat("network.", name, ".key"));
  MaskInLogs(*key);
  set.key = *std::move(key);
  return OkStatus();
}

StatusOr<AgentOptions> OptionsFor(const FixArguments& arguments, const Config& config,
                                  FixSetup& setup) {
  std::vector<std::string> names;
  for (const auto& [name, agent] : config.agent) {
    names.push_back(name);
    if (name != arguments.agent) continue;
    RETURN_IF_ERROR(AddNetwork(config, agent.network, setup));
    AgentOptions options = OptionsOf(name, agent);
    if (!arguments.model.empty()) options.model = arguments.model;
    return options;
  }
  for (const KnownAgent& known : KnownAgents()) {
    names.emplace_back(known.name);
    if (known.name == arguments.agent) return KnownOptions(known, arguments, setup.workspace);
  }
  return InvalidArgument(Cat("there is no agent \"", EscapeControl(arguments.agent),
                             "\": there are ", Join(names, ", "),
                             DidYouMean(arguments.agent, names)));
}

}  // namespace

StatusOr<FixSetup> PrepareFix(const FixArguments& arguments, const std::string& scratch) {
  FixSetup setup;
  setup.workspace.kind = arguments.workspace;
  setup.workspace.directory = scratch;
  Config config;
  RETURN_IF_ERROR(ReadConfig(ConfigFile(arguments), setup, config));
  if (arguments.agent.empty()) return setup;
  if (arguments.workspace != "sandbox") {
    return InvalidArgument(
        "an agent works in the sandbox only: there its model's key stays outside");
  }
  ASSIGN_OR_RETURN(const AgentOptions options, OptionsFor(arguments, config, setup));
  auto agent = CreateAgent(options);
  if (!agent.ok()) return Annotate(agent.status(), Cat("agent.", options.name));
  setup.agent = options.name;
  setup.agents[options.name] = *std::move(agent);
  ASSIGN_OR_RETURN(setup.workspace.forwarder, OwnProgram());
  return setup;
}

}  // namespace regreen
