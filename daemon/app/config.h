// The configuration of the daemon: declared once, as structs with defaults and one Fields() each,
// by which it is read, checked and printed. config.example.toml is what
// PrintConfig(ExampleConfig()) says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/app/config_agent.h"
#include "daemon/app/config_coder.h"
#include "daemon/app/config_exec.h"
#include "daemon/app/config_workspace.h"
#include "daemon/base/status.h"
#include "daemon/base/toml.h"
#include "daemon/domain/limits.h"
#include "daemon/pipeline/reconcile.h"
#include "daemon/policy/offers.h"

namespace regreen {

struct ServerConfig {
  std::string listen = "127.0.0.1:8080";
  std::string operations_listen;
  std::int64_t max_body_bytes = 25 << 20;
  bool trusted_proxy = false;

  template <class V>
  void Fields(V& v) {
    v("listen", listen, "where webhooks arrive: address:port; port 0 takes a free one");
    v("operations_listen", operations_listen,
      "a second address for /api, /metrics, /healthz and /readyz; empty: the same");
    v("max_body_bytes", max_body_bytes, "a larger delivery is refused with 413");
    v("trusted_proxy", trusted_proxy,
      "an address beyond loopback is taken only with a proxy that ends TLS before it");
  }
};

struct LogConfig {
  std::string format = "text";
  std::string level = "info";

  template <class V>
  void Fields(V& v) {
    v("format", format, "text, or json: one object a line");
    v("level", level, "debug, info, warning or error");
  }
};

struct StoreConfig {
  std::string path = "/var/lib/regreen/regreen.db";

  template <class V>
  void Fields(V& v) {
    v("path", path, "SQLite database; made when it is not there");
  }
};

struct WorkersConfig {
  std::int64_t count = 2;
  absl::Duration lease = absl::Seconds(60);
  absl::Duration watch_every = absl::Minutes(2);

  template <class V>
  void Fields(V& v) {
    v("count", count, "tasks worked on at once");
    v("lease", lease, "how long a worker that went silent keeps its task");
    v("watch_every", watch_every, "how often an open change is looked at");
  }
};

struct PoliciesConfig {
  std::string directory = "/usr/local/share/regreen/policies";
  std::string remote, forge;
  std::string branch = "main";
  std::string path = "policies";
  absl::Duration every = absl::Minutes(1);

  template <class V>
  void Fields(V& v) {
    v("directory", directory,
      "holds templates/, rules/ and guard/, perhaps base/ and prompts/; read again when it "
      "changes");
    v("remote", remote,
      "or they are followed in a git repository: owner/name with forge, a URL or absolute path");
    v("forge", forge, "whose credential reads the remote; it must name the repository");
    v("branch", branch, "of the remote");
    v("path", path, "the folder in the remote's repository; empty: its root");
    v("every", every, "how often the remote is asked; SIGHUP asks at once");
  }
};

struct AuthorConfig {
  std::string name = "regreen";
  std::string email = "regreen@localhost";

  template <class V>
  void Fields(V& v) {
    v("name", name, "of the commits");
    v("email", email, "of the commits; a branch whose tip is by another is left alone");
  }
};

struct HttpConfig {
  std::string ca_file;

  template <class V>
  void Fields(V& v) {
    v("ca_file", ca_file, "certificates for calls to forges; empty: the system's");
  }
};

struct ForgeConfig {
  std::string kind;
  std::string api, git;
  std::string token;
  std::string app_id, app_key;
  std::vector<std::string> repos;
  std::string fork = "ignore";
  std::map<std::string, std::string> remotes;
  std::vector<std::string> sweep;
  absl::Duration sweep_every = absl::Minutes(10);
  absl::Duration look_back = absl::Hours(6);
  std::string ca_file, proxy;
  absl::Duration writes_apart = absl::Seconds(1);

  template <class V>
  void Fields(V& v) {
    v("kind", kind, "github, gitlab, gitea (Forgejo too), or git: plain remotes without an API");
    v("api", api,
      "https://HOST/api/v3 of GitHub Enterprise Server, https://HOST/api/v4 of GitLab, "
      "https://HOST/api/v1 of Gitea; empty: api.github.com, gitlab.com");
    v("git", git, "clone URLs are <git>/<repository>.git; empty: github.com, or where the API is");
    v("token", token, "of github, gitlab or gitea: file:PATH, env:NAME or credential:NAME");
    v("app_id", app_id, "github, instead of a token: a GitHub App's client id or number");
    v("app_key", app_key, "and where its private key is: file:PATH or credential:NAME");
    v("repos", repos, "repositories that may be worked on, as globs; ** takes GitLab's subgroups");
    v("fork", fork,
      "pull requests from forks: ignore, report (a comment) or run (once a person approves; "
      "nothing is pushed)");
    v("remotes", remotes, "git: owner/name = URL or absolute path");
    v("sweep", sweep,
      "repositories that are looked through for failures that no webhook told of, or "
      "\"installation\": all that the credential sees; empty: none");
    v("sweep_every", sweep_every, "how often");
    v("look_back", look_back, "how far back; after a longer downtime as far, at most 3 days");
    v("ca_file", ca_file, "certificates for this forge, for git too; empty: http.ca_file");
    v("proxy", proxy, "http://HOST:PORT that this forge is reached by, for git too; empty: none");
    v("writes_apart", writes_apart,
      "the least time between two writes by one credential; GitHub asks for a second, a server of "
      "your own without rate limits may have 0s");
  }
};

struct CiConfig {
  std::string kind;
  std::string forge;
  std::string secret;
  std::vector<std::string> old_secrets;
  std::string signature_header, token_header;
  std::vector<std::string> failed_when, passed_when, log_url_prefixes;
  std::map<std::string, std::string> map;
  std::string definition, definition_path;

  template <class V>
  void Fields(V& v) {
    v("kind", kind, "github, gitlab, or generic: any JSON payload, by the map below");
    v("forge", forge, "the forge that its repositories live on");
    v("secret", secret, "of the webhook: file:PATH, env:NAME or credential:NAME");
    v("old_secrets", old_secrets, "gitlab: those that are taken too, while the secret is changed");
    v("signature_header", signature_header, "generic: holds the HMAC-SHA256 of the body in hex");
    v("token_header", token_header, "generic: or holds the secret itself");
    v("failed_when", failed_when, "generic: conclusions that are failures");
    v("passed_when", passed_when,
      "generic: conclusions that are green; at a later attempt of a run they tell a flake");
    v("log_url_prefixes", log_url_prefixes,
      "generic: a log is fetched only from below one of these");
    v("definition", definition,
      "where a failing command is read that the delivery does not tell: github, gitlab or none; "
      "empty: that of its kind, none for generic");
    v("definition_path", definition_path,
      "its file in the repository; empty: the run's own workflow, or .gitlab-ci.yml");
    v("map", map, "generic: field = JSON pointer (\"/run/id\") or constant (\"=text\")");
  }
};

struct ApiConfig {
  std::string token;
  std::string role = "viewer";

  template <class V>
  void Fields(V& v) {
    v("token", token, "sent as \"Authorization: Bearer\": file:PATH, env:NAME or credential:NAME");
    v("role", role, "viewer: reads and tries out; operator: also changes");
  }
};

struct LimitsConfig {
  std::int64_t open_per_repo = 0;
  std::int64_t tasks_per_repo = 0;
  std::int64_t per_hour = 0;
  std::int64_t per_day = 0;
  double usd_per_day = 0;
  std::int64_t minutes_per_day = 0;
  absl::Duration cooldown = absl::ZeroDuration();

  template <class V>
  void Fields(V& v) {
    v("open_per_repo", open_per_repo,
      "of each repository, beside a template's own limits; 0: none. Changes open at once");
    v("tasks_per_repo", tasks_per_repo, "tasks at work at once");
    v("per_hour", per_hour, "tasks begun in 60 minutes");
    v("per_day", per_day, "tasks begun in 24 hours");
    v("usd_per_day", usd_per_day, "US dollars spent in 24 hours");
    v("minutes_per_day", minutes_per_day, "minutes of workspaces in 24 hours");
    v("cooldown", cooldown, "waited after a task of the same failure ended");
  }
};

struct Config {
  ServerConfig server;
  LogConfig log;
  StoreConfig store;
  WorkersConfig workers;
  WorkspaceConfig workspace;
  std::map<std::string, WorkspaceKindConfig> workspaces;
  PoliciesConfig policies;
  AuthorConfig author;
  HttpConfig http;
  LimitsConfig limits;
  std::map<std::string, ForgeConfig> forge;
  std::map<std::string, CiConfig> ci;
  std::map<std::string, AgentConfig> agent;
  std::map<std::string, NetworkConfig> network;
  std::map<std::string, CoderConfig> coder;
  std::map<std::string, ExecConfig> exec;
  std::map<std::string, ApiConfig> api;

  template <class V>
  void Fields(V& v) {
    v.Section("server", server);
    v.Section("log", log);
    v.Section("store", store);
    v.Section("workers", workers);
    v.Section("workspace", workspace);
    v.Named("workspaces", workspaces);
    v.Section("policies", policies);
    v.Section("author", author);
    v.Section("http", http);
    v.Section("limits", limits);
    v.Named("forge", forge);
    v.Named("ci", ci);
    v.Named("agent", agent);
    v.Named("network", network);
    v.Named("coder", coder);
    v.Named("exec", exec);
    v.Named("api", api);
  }
};

// In a forge's `sweep`: whatever its credential sees.
inline constexpr std::string_view kEverySwept = "installation";
// How a configured forge is swept; without repositories where it is not.
SweepOptions SweepOptionsOf(const Config& config, const std::string& forge);

// The hosts that a forge is reached at: what a workspace may never reach.
std::vector<std::string> HostsOf(const ForgeConfig& forge);

// Reads and checks a file; every mistake is noted in `problems`. Secrets are not read.
// One of a person's own repairs needs no forge.
enum class ConfigUse { kDaemon, kByHand };
Config LoadConfig(const std::filesystem::path& path, Problems& problems,
                  ConfigUse use = ConfigUse::kDaemon);
// What templates can ask of the workspaces. One without isolation serves whatever is asked for.
std::vector<WorkspaceOffer> OffersOf(const Config& config);
// As the store counts them.
Limits RepositoryLimits(const LimitsConfig& config);
// What config.example.toml holds.
Config ExampleConfig();
std::string PrintConfig(Config config);

// "127.0.0.1:8080", "[::1]:80" → address and port.
StatusOr<std::pair<std::string, int>> ParseListen(std::string_view listen);

}  // namespace regreen
