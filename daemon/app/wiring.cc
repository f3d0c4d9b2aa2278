#include "daemon/app/wiring.h"

#include <filesystem>

#include "adapters/ci/registry.h"
#include "adapters/forge/registry.h"
#include "adapters/git/git.h"
#include "adapters/store/sqlite.h"
#include "daemon/app/wiring_parts.h"
#include "daemon/base/file.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Where private things live: only this user looks in.
constexpr int kPrivateMode = 0700;
constexpr std::size_t kShortestToken = 16;

Status MakeFolders(const Config& config) {
  RETURN_IF_ERROR(
      MakeDirectories(std::filesystem::path(config.store.path).parent_path(), kPrivateMode));
  RETURN_IF_ERROR(MakeDirectories(config.workspace.directory, kPrivateMode));
  return MakeDirectories(config.workspace.mirrors, kPrivateMode);
}

ForkPolicy ForkPolicyOf(const ForgeConfig& forge) {
  return ParseForkPolicy(forge.fork).value_or(ForkPolicy::kIgnore);
}

std::map<std::string, ForkPolicy> ForksOf(const Config& config) {
  std::map<std::string, ForkPolicy> forks;
  for (const auto& [name, forge] : config.forge) forks[name] = ForkPolicyOf(forge);
  return forks;
}

// The egress sets that a fork's code may use.
std::vector<std::string> NetworksForForks(const Config& config) {
  std::vector<std::string> names;
  for (const auto& [name, network] : config.network) {
    if (network.forks) names.push_back(name);
  }
  return names;
}

// What a forge is called by: the clients of those that are reached in a way of their own are its.
StatusOr<HttpClient*> ClientFor(Application& app, const ForgeConfig& forge) {
  if (forge.ca_file.empty() && forge.proxy.empty()) return app.http.get();
  const std::string& ca_file = forge.ca_file.empty() ? app.config.http.ca_file : forge.ca_file;
  if (forge.proxy.empty()) {
    app.forge_http.push_back(NewHttpClient(ca_file));
  } else {
    ASSIGN_OR_RETURN(const HttpUrl proxy, ParseProxy(forge.proxy));
    app.forge_http.push_back(NewHttpClient(ca_file, proxy));
  }
  return app.forge_http.back().get();
}

Status AddForges(Application& app) {
  for (const auto& [name, forge] : app.config.forge) {
    ForgeOptions options;
    options.name = name;
    options.kind = forge.kind;
    options.api = forge.api;
    options.git = forge.git;
    options.repos = forge.repos;
    options.forks = ForkPolicyOf(forge) != ForkPolicy::kIgnore;
    options.remotes = forge.remotes;
    options.app_id = forge.app_id;
    if (!forge.token.empty()) {
      ASSIGN_OR_RETURN(options.token, ResolveHeld(app, forge.token, Cat("forge.", name, ".token")));
    }
    if (!forge.app_key.empty()) {
      const std::string key = Cat("forge.", name, ".app_key");
      ASSIGN_OR_RETURN(options.app_key, ResolveHeld(app, forge.app_key, key));
    }
    options.ca_file = forge.ca_file;
    options.proxy = forge.proxy;
    options.writes_apart = forge.writes_apart;
    ASSIGN_OR_RETURN(HttpClient* const http, ClientFor(app, forge));
    auto made =
        CreateForge(options, {http, app.mirror.get(), &app.clock, &app.metrics, &app.forge_gates});
    if (!made.ok()) return Annotate(made.status(), Cat("forge.", name));
    app.adapters.forges[name] = *std::move(made);
  }
  return OkStatus();
}

Status AddCis(Application& app) {
  for (const auto& [name, ci] : app.config.ci) {
    ASSIGN_OR_RETURN(Secret secret, ResolveHeld(app, ci.secret, Cat("ci.", name, ".secret")));
    std::vector<Secret> old;
    for (const std::string& reference : ci.old_secrets) {
      ASSIGN_OR_RETURN(Secret one, ResolveHeld(app, reference, Cat("ci.", name, ".old_secrets")));
      old.push_back(std::move(one));
    }
    auto made = CreateCiSource({name, ci.kind, ci.forge, std::move(secret), ci.signature_header,
                                ci.token_header, ci.map, ci.failed_when, ci.log_url_prefixes,
                                ci.passed_when, std::move(old), &app.clock});
    if (!made.ok()) return Annotate(made.status(), Cat("ci.", name));
    app.adapters.ci[name] = *std::move(made);
  }
  return OkStatus();
}

Status AddApiTokens(Application& app) {
  for (const auto& [name, api] : app.config.api) {
    const std::string key = Cat("api.", name, ".token");
    ASSIGN_OR_RETURN(Secret token, ResolveHeld(app, api.token, key));
    if (token.Reveal().size() < kShortestToken) {
      return InvalidArgument(
          Cat(key, ": a token of under ", kShortestToken,
              " characters can be guessed; make one with: openssl rand -hex 32"));
    }
    const ApiRole role = api.role == "operator" ? ApiRole::kOperator : ApiRole::kViewer;
    app.api_tokens.push_back({name, std::move(token), role});
  }
  return OkStatus();
}

std::map<std::string, DefinitionPlace> DefinitionsOf(const Config& config) {
  std::map<std::string, DefinitionPlace> definitions;
  for (const auto& [name, ci] : config.ci) {
    const auto unsaid = ci.kind == "github"   ? CiDefinition::kGithub
                        : ci.kind == "gitlab" ? CiDefinition::kGitlab
                                              : CiDefinition::kNone;
    definitions[name] = {ParseCiDefinition(ci.definition).value_or(unsaid), ci.definition_path};
  }
  return definitions;
}

Sweeps SweepsOf(const Config& config) {
  Sweeps sweeps;
  for (const auto& [name, forge] : config.forge) {
    if (!forge.sweep.empty()) sweeps[name] = SweepOptionsOf(config, name);
  }
  return sweeps;
}

std::unique_ptr<PolicyOrigin> NewPolicyOrigin(Application& app) {
  const PoliciesConfig& policies = app.config.policies;
  if (policies.remote.empty()) return NewFolderOrigin(policies.directory, app.clock);
  GitPolicyOptions options;
  options.name = policies.remote;
  options.branch = policies.branch;
  options.path = policies.path;
  options.last_good_file = Cat(app.config.workspace.mirrors, "/policies.last-good");
  options.remote = [&app]() -> StatusOr<GitRemote> {
    const PoliciesConfig& now = app.config.policies;
    if (now.forge.empty()) return GitRemote{now.remote, "", Secret()};
    return app.adapters.forges.find(now.forge)->second->Remote(now.remote);
  };
  return NewGitOrigin(std::move(options), *app.mirror, app.clock);
}

}  // namespace

StatusOr<Secret> ResolveHeld(Application& app, const std::string& reference,
                             const std::string& key) {
  auto secret = ResolveSecret(reference);
  if (!secret.ok()) return Annotate(secret.status(), key);
  MaskInLogs(*secret);
  app.held.push_back(*secret);
  return secret;
}

StatusOr<std::string> OwnProgram() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Internal(Cat("this program's own path cannot be read: ", error.message()));
  return path.string();
}

StatusOr<std::unique_ptr<Application>> Wire(Config config) {
  auto app = std::make_unique<Application>();
  app->config = std::move(config);
  RETURN_IF_ERROR(MakeFolders(app->config));
  app->http = NewHttpClient(app->config.http.ca_file);
  ASSIGN_OR_RETURN(app->store, OpenSqliteStore(app->config.store.path, app->clock,
                                               {RepositoryLimits(app->config.limits)}));
  ASSIGN_OR_RETURN(const std::string program, OwnProgram());
  const GitOptions git{app->config.workspace.mirrors, program, app->config.http.ca_file};
  app->mirror = NewGitMirror(git);
  app->publisher = NewGitPublisher(git);
  RETURN_IF_ERROR(AddWorkspaces(*app, program));
  RETURN_IF_ERROR(AddForges(*app));
  RETURN_IF_ERROR(AddCis(*app));
  RETURN_IF_ERROR(AddAgents(*app));
  RETURN_IF_ERROR(AddApiTokens(*app));
  app->known_secrets = KnownSecrets(app->held);
  app->policy_origin = NewPolicyOrigin(*app);
  ASSIGN_OR_RETURN(app->policies, app->policy_origin->Load({}));

  app->sweeps = SweepsOf(app->config);
  app->collector = std::make_unique<Collector>(CollectDependencies{
      &app->adapters, app->mirror.get(), app->http.get(), app->policies.get(), app->store.get(),
      &app->clock, app->store.get(), OffersOf(app->config), DefinitionsOf(app->config),
      ForksOf(app->config), NetworksForForks(app->config), app->store.get(), app->store.get(),
      app->sweeps});
  RunnerDependencies runner{&app->adapters,        app->mirror.get(), app->publisher.get(),
                            app->workspaces.get(), app->store.get(),  app->policies.get()};
  runner.author_name = app->config.author.name;
  runner.author_email = app->config.author.email;
  runner.watch_every = app->config.workers.watch_every;
  runner.agents = &app->agents;
  runner.secrets = &app->known_secrets;
  runner.keep = app->config.workspace.keep;
  runner.forks = ForksOf(app->config);
  app->runner = std::make_unique<TaskRunner>(std::move(runner));
  return app;
}

}  // namespace regreen
