#include "daemon/app/config_check.h"

#include <algorithm>
#include <utility>

#include "adapters/agent/registry.h"
#include "adapters/ci/registry.h"
#include "adapters/forge/registry.h"
#include "adapters/workspace/container.h"
#include "adapters/workspace/egress.h"
#include "adapters/workspace/exec.h"
#include "adapters/workspace/registry.h"
#include "daemon/base/http.h"
#include "daemon/base/text.h"
#include "daemon/domain/run.h"
#include "daemon/policy/ci_definition.h"

namespace regreen {
namespace {

bool HasApi(const std::string& forge_kind) {
  return forge_kind == "github" || forge_kind == "gitlab" || forge_kind == "gitea";
}

class Validator {
 public:
  Validator(const Config& config, const Places& places, std::string file, Problems& problems)
      : config_(config), places_(places), file_(std::move(file)), problems_(problems) {}

  void Run(ConfigUse use) {
    Server();
    OneOf("log.format", config_.log.format, {"text", "json"});
    OneOf("log.level", config_.log.level, {"debug", "info", "warning", "error"});
    Range("workers.count", config_.workers.count, 1, 64);
    if (config_.workers.lease < absl::Seconds(5))
      Error("workers.lease", "a lease under 5s would be lost by every pause");
    for (const ConfiguredWorkspace& one : WorkspacesOf(config_)) Workspace(one);
    Absolute("store.path", config_.store.path);
    Absolute("workspace.mirrors", config_.workspace.mirrors);
    Policies();
    Limits();
    if (config_.forge.empty() && use == ConfigUse::kDaemon)
      problems_.Error({file_, 0, 0}, "no [forge.NAME] is configured: nothing could be repaired");
    for (const auto& [name, forge] : config_.forge) {
      Forge(Cat("forge.", name), forge);
      Sweep(Cat("forge.", name), name, forge);
    }
    for (const auto& [name, ci] : config_.ci) Ci(Cat("ci.", name), name, ci);
    for (const auto& [name, agent] : config_.agent) Agent(Cat("agent.", name), name, agent);
    for (const auto& [name, network] : config_.network)
      Network(Cat("network.", name), name, network);
    for (const auto& [name, coder] : config_.coder) Coder(Cat("coder.", name), coder);
    for (const auto& [name, exec] : config_.exec) Exec(Cat("exec.", name), exec);
    for (const auto& [name, api] : config_.api) {
      Secret(Cat("api.", name, ".token"), api.token);
      OneOf(Cat("api.", name, ".role"), api.role, {"viewer", "operator"});
    }
  }

 private:
  void Error(const std::string& key, std::string_view message) {
    const auto place = places_.find(key);
    problems_.Error(place == places_.end() ? Position{file_, 0, 0} : place->second,
                    Cat(key, ": ", message));
  }
  void OneOf(const std::string& key, const std::string& value,
             const std::vector<std::string>& allowed) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    Error(key,
          Cat("\"", value, "\" is not one of ", Join(allowed, ", "), DidYouMean(value, allowed)));
  }
  void Range(const std::string& key, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
      Error(key, Cat("must be from ", low, " to ", high, ", not ", value));
  }
  void Absolute(const std::string& key, const std::string& path) {
    if (!path.starts_with('/')) Error(key, Cat("\"", path, "\" must be an absolute path"));
  }
  void Secret(const std::string& key, const std::string& reference) {
    const bool known = reference.starts_with("file:") || reference.starts_with("env:") ||
                       reference.starts_with("credential:");
    if (!known)
      Error(
          key,
          "a secret is given as \"file:PATH\", \"env:NAME\" or \"credential:NAME\", not as itself");
  }

  void Listen(const std::string& key, const std::string& listen) {
    const auto parsed = ParseListen(listen);
    if (!parsed.ok()) return Error(key, Message(parsed.status()));
    const std::string& address = parsed->first;
    if (!IsLoopbackHost(address) && !config_.server.trusted_proxy) {
      Error(key,
            Cat(address,
                " is reached from outside, and signatures do not hide the logs: put a proxy that "
                "ends TLS in front of it and set server.trusted_proxy = true"));
    }
  }
  void Server() {
    Listen("server.listen", config_.server.listen);
    if (!config_.server.operations_listen.empty()) {
      Listen("server.operations_listen", config_.server.operations_listen);
    }
    Range("server.max_body_bytes", config_.server.max_body_bytes, 1 << 10, 25 << 20);
  }
  void Workspace(const ConfiguredWorkspace& one) {
    const WorkspaceKindConfig& workspace = *one.config;
    const std::string& at = one.at;
    OneOf(at + ".kind", workspace.kind, WorkspaceKinds());
    if (&workspace != &config_.workspace) WorkspaceName(one);
    Absolute(at + ".directory", one.directory);
    if (!workspace.bases.empty()) Absolute(at + ".bases", workspace.bases);
    if (workspace.bases_max_bytes < 0)
      Error(at + ".bases_max_bytes", "a number of bytes is not negative");
    if (workspace.kind == "container") {
      const ContainerOptions container{workspace.program, workspace.image, workspace.rootfs,
                                       workspace.options};
      ErrorLines(at, CheckContainerOptions(container));
    }
    if (workspace.kind == "coder" && CoderOfWorkspace(config_, workspace).empty())
      NeedsOneOf(at, "coder", "a", workspace.coder, config_.coder);
    if (workspace.kind == "exec" && ExecOfWorkspace(config_, workspace).empty())
      NeedsOneOf(at, "exec", "an", workspace.exec, config_.exec);
    WorkspaceLimitsMakeSense(at, workspace);
  }
  // Templates name it, and it stands in the names of folders.
  void WorkspaceName(const ConfiguredWorkspace& one) {
    if (one.name.empty() ||
        one.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos)
      Error(one.at, "a workspace's name is of lower-case letters, digits, - and _");
    if (one.name == config_.workspace.kind)
      Error(one.at, Cat("templates call the [workspace] itself \"", one.name, "\", by its kind"));
    for (const ConfiguredWorkspace& other : WorkspacesOf(config_)) {
      if (other.at < one.at && other.directory == one.directory)
        Error(one.at + ".directory", Cat("is that of ", other.at, " too: each needs its own"));
    }
  }
  template <class Named>
  void NeedsOneOf(const std::string& at, const char* kind, const char* article,
                  const std::string& named, const Named& sections) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : sections) names.push_back(name);
    if (names.empty()) {
      Error(at + ".kind", Cat("it needs ", article, " [", kind, ".NAME] that says which"));
    } else {
      OneOf(Cat(at, ".", kind), named, names);
    }
  }
  void WorkspaceLimitsMakeSense(const std::string& at, const WorkspaceKindConfig& workspace) {
    Range(at + ".cpu", workspace.cpu, 0, kMostProcessors);
    // Under these no shell would start.
    const auto least = [&](const char* key, std::int64_t value, std::int64_t low) {
      if (value != 0 && value < low)
        Error(Cat(at, ".", key), Cat("must be 0 or from ", low, " on, not ", value));
    };
    least("memory_bytes", workspace.memory_bytes, 32 << 20);
    least("processes", workspace.processes, 16);
    least("disk_bytes", workspace.disk_bytes, 1 << 20);
    least("files", workspace.files, 100);
    least("file_bytes", workspace.file_bytes, 1 << 20);
  }

  void Policies() {
    const PoliciesConfig& policies = config_.policies;
    if (policies.remote.empty()) return;
    if (policies.every < absl::Seconds(1))
      Error("policies.every", "a remote is asked once a second at the most");
    if (policies.branch.empty()) Error("policies.branch", "names no branch");
    for (const std::string_view part : Split(policies.path, '/')) {
      const bool odd = part.empty() || part == "." || part == "..";
      if (odd && !policies.path.empty())
        Error("policies.path", "must be a path below the repository, such as ci/policies");
      if (odd) break;
    }
    if (!policies.forge.empty()) {
      std::vector<std::string> forges;
      for (const auto& [name, unused] : config_.forge) forges.push_back(name);
      OneOf("policies.forge", policies.forge, forges);
      if (Split(policies.remote, '/').size() < 2 || policies.remote.front() == '/')
        Error("policies.remote", "with policies.forge it is a repository's owner/name");
    } else if (!policies.remote.starts_with('/')) {
      const auto url = ParseUrl(policies.remote);
      if (!url.ok())
        Error("policies.remote",
              Cat("is no absolute path and no address (owner/name needs policies.forge): ",
                  Message(url.status())));
    }
  }
  void Limits() {
    const LimitsConfig& limits = config_.limits;
    constexpr std::int64_t kMost = 1'000'000'000;
    Range("limits.open_per_repo", limits.open_per_repo, 0, kMost);
    Range("limits.tasks_per_repo", limits.tasks_per_repo, 0, kMost);
    Range("limits.per_hour", limits.per_hour, 0, kMost);
    Range("limits.per_day", limits.per_day, 0, kMost);
    Range("limits.minutes_per_day", limits.minutes_per_day, 0, kMost);
    if (!(limits.usd_per_day >= 0 && limits.usd_per_day <= 1e9))
      Error("limits.usd_per_day", Cat("must be from 0 to 1000000000, not ", limits.usd_per_day));
  }
  void Forge(const std::string& at, const ForgeConfig& forge) {
    OneOf(at + ".kind", forge.kind, ForgeKinds());
    OneOf(at + ".fork", forge.fork, ForkPolicyNames());
    if (forge.fork == "run" && config_.workspace.kind != "sandbox")
      Error(at + ".fork", Cat("a fork's code is run in a sandbox only, and workspace.kind is \"",
                              config_.workspace.kind, "\""));
    if (HasApi(forge.kind)) {
      if (forge.kind == "github" && !(forge.app_id.empty() && forge.app_key.empty())) {
        App(at, forge);
      } else {
        Secret(at + ".token", forge.token);
      }
      if (forge.kind == "gitea" && forge.api.empty())
        Error(at + ".api", "is needed; for example https://gitea.example.com/api/v1");
      if (forge.repos.empty())
        Error(at + ".repos",
              "names no repository, so none may be worked on; for example [\"acme/*\"]");
    }
    if (!forge.proxy.empty()) {
      if (const auto proxy = ParseProxy(forge.proxy); !proxy.ok())
        Error(at + ".proxy", Message(proxy.status()));
    }
    if (forge.writes_apart > absl::Seconds(10))
      Error(at + ".writes_apart", "must be from 0s to 10s");
    if (forge.kind == "git" && forge.remotes.empty()) {
      Error(at + ".remotes",
            "names no remote; for example \"acme/widget\" = \"/srv/git/widget.git\"");
    }
  }
  void Sweep(const std::string& at, const std::string& name, const ForgeConfig& forge) {
    if (forge.sweep.empty()) return;
    if (forge.kind != "github" && forge.kind != "gitlab")
      Error(at + ".sweep", "only github and gitlab can be asked for failed runs");
    else if (SweepOptionsOf(config_, name).ci.empty())
      Error(at + ".sweep", Cat("no [ci.NAME] of kind ", forge.kind, " has this forge: nothing ",
                               "would read what is found"));
    if (forge.sweep_every < absl::Minutes(1) || forge.sweep_every > absl::Hours(24))
      Error(at + ".sweep_every", "must be 1m to 24h");
    if (forge.look_back < forge.sweep_every || forge.look_back > kOldestSwept)
      Error(at + ".look_back", "must be sweep_every to 72h");
    for (const std::string& repo : forge.sweep) {
      const bool fits = std::any_of(forge.repos.begin(), forge.repos.end(),
                                    [&](const std::string& glob) { return GlobMatch(glob, repo); });
      if (repo != kEverySwept && !fits)
        Error(at + ".sweep", Cat("\"", EscapeControl(repo), "\" is not among the forge's repos"));
    }
  }

  void App(const std::string& at, const ForgeConfig& forge) {
    if (!forge.token.empty())
      Error(at + ".token", "a forge is spoken to by a token or as an app, not both");
    if (forge.app_id.empty()) Error(at + ".app_id", "is needed beside app_key");
    Secret(at + ".app_key", forge.app_key);
  }
  void Ci(const std::string& at, const std::string& name, const CiConfig& ci) {
    OneOf(at + ".kind", ci.kind, CiKinds());
    std::vector<std::string> forges;
    for (const auto& [forge, unused] : config_.forge) forges.push_back(forge);
    OneOf(at + ".forge", ci.forge, forges);
    Secret(at + ".secret", ci.secret);
    for (const std::string& old : ci.old_secrets) Secret(at + ".old_secrets", old);
    if (!ci.old_secrets.empty() && ci.kind != "gitlab")
      Error(at + ".old_secrets", "only the kind gitlab takes several secrets");
    if (!ci.definition.empty()) OneOf(at + ".definition", ci.definition, CiDefinitionNames());
    if (ci.definition_path.starts_with('/'))
      Error(at + ".definition_path", "is a path in the repository, such as ci/pipeline.yml");
    if (ci.kind != "generic") return;
    if (ci.definition == "github" && ci.definition_path.empty())
      Error(at + ".definition_path",
            "must name the workflow file, since the deliveries of a generic CI do not");
    // The adapter knows its own fields; the secret's value does not matter for them.
    const auto source = CreateCiSource({name,
                                        ci.kind,
                                        ci.forge,
                                        regreen::Secret("unread"),
                                        ci.signature_header,
                                        ci.token_header,
                                        ci.map,
                                        ci.failed_when,
                                        ci.log_url_prefixes,
                                        ci.passed_when,
                                        {},
                                        nullptr});
    ErrorLines(at, source.status());
  }
  void Agent(const std::string& at, const std::string& name, const AgentConfig& agent) {
    OneOf(at + ".kind", agent.kind, AgentKinds());
    const std::vector<std::string> kinds = AgentKinds();
    if (std::find(kinds.begin(), kinds.end(), agent.kind) == kinds.end()) return;
    ErrorLines(at, CreateAgent(OptionsOf(name, agent)).status());
    if (agent.network.empty()) return;
    const auto network = config_.network.find(agent.network);
    std::vector<std::string> models;
    for (const auto& [known, options] : config_.network)
      if (options.kind == "model") models.push_back(known);
    if (network == config_.network.end() || network->second.kind != "model")
      Error(at + ".network", Cat("there is no [network.", agent.network, "] of kind model",
                                 DidYouMean(agent.network, models)));
  }
  void Coder(const std::string& at, const CoderConfig& coder) {
    Secret(at + ".token", coder.token);
    const std::string mistakes = Message(CheckCoderOptions(OptionsOf(coder)));
    for (const std::string_view line : SplitLines(mistakes)) {  // "key: what is wrong"
      const std::size_t colon = line.find(": ");
      Error(Cat(at, ".", line.substr(0, colon)), line.substr(colon + 2));
    }
  }
  void Exec(const std::string& at, const ExecConfig& exec) {
    ExecOptions options = OptionsOf(exec);
    options.values["directory"] = config_.workspace.directory;
    ErrorLines(at, CompleteExecOptions(std::move(options)).status());
  }
  void Network(const std::string& at, const std::string& name, const NetworkConfig& network) {
    const bool plain =
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
    if (!plain) Error(at, "a network's name is of lower-case letters, digits, - and _");
    ErrorLines(at, CheckEgressSet(EgressOf(network)));
    if (network.kind == "model") Secret(at + ".key", network.key);
    for (const std::string& pattern : network.allow) {
      for (const auto& [forge, options] : config_.forge) {
        for (const std::string& host : HostsOf(options)) {
          if (!PatternReaches(pattern, host)) continue;
          Error(at + ".allow",
                Cat("\"", pattern, "\" lets a workspace reach ", host, ", which is of forge.",
                    forge, ": what it has read could be sent there"));
        }
      }
    }
  }
  // Each mistake of an adapter's options, one a line of its status.
  void ErrorLines(const std::string& at, const Status& status) {
    const std::string mistakes = Message(status);
    for (const std::string_view line : SplitLines(mistakes)) Error(at, line);
  }

  const Config& config_;
  const Places& places_;
  std::string file_;
  Problems& problems_;
};

}  // namespace

SweepOptions SweepOptionsOf(const Config& config, const std::string& name) {
  const ForgeConfig& forge = config.forge.at(name);
  SweepOptions options;
  for (const std::string& repo : forge.sweep) {
    if (repo == kEverySwept)
      options.all = true;
    else
      options.repos.push_back(repo);
  }
  for (const auto& [ci, one] : config.ci) {
    if (one.forge != name || one.kind != forge.kind) continue;
    if (options.ci.empty()) options.ci = ci;
    options.paths.push_back("/hooks/" + ci);
  }
  options.every = forge.sweep_every;
  options.look_back = forge.look_back;
  return options;
}

std::vector<std::string> HostsOf(const ForgeConfig& forge) {
  std::vector<std::string> hosts;
  const auto add = [&hosts](const std::string& url) {
    const auto parsed = ParseUrl(url);
    if (parsed.ok()) hosts.push_back(parsed->host);
  };
  if (HasApi(forge.kind)) {
    add(ApiOf(forge.kind, forge.api));
    add(GitOf(forge.kind, forge.api, forge.git));
  }
  for (const auto& [name, remote] : forge.remotes) add(remote);
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

void CheckConfig(const Config& config, const Places& places, const std::string& file,
                 Problems& problems, ConfigUse use) {
  Validator(config, places, file, problems).Run(use);
}

}  // namespace regreen
