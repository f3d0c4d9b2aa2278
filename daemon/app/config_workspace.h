// The part of the configuration that says where untrusted code runs, and what it may reach.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/ports/workspace_limits.h"

namespace regreen {

struct WorkspaceConfig {
  std::string kind = "sandbox";
  std::string coder, exec;
  std::string directory = "/var/lib/regreen/workspaces";
  std::string mirrors = "/var/lib/regreen/mirrors";
  std::vector<std::string> read_only_paths;
  std::vector<std::string> path;
  std::string bases;
  std::int64_t bases_max_bytes = std::int64_t{20} << 30;
  std::int64_t cpu = WorkspaceLimits().cpu;
  std::int64_t memory_bytes = WorkspaceLimits().memory_bytes;
  std::int64_t processes = WorkspaceLimits().processes;
  std::int64_t disk_bytes = WorkspaceLimits().disk_bytes;
  std::int64_t files = WorkspaceLimits().files;
  std::int64_t file_bytes = WorkspaceLimits().file_bytes;
  absl::Duration keep = absl::ZeroDuration();

  template <class V>
  void Fields(V& v) {
    v("kind", kind,
      "sandbox (bubblewrap, no network but [network.NAME]), coder (a Coder server), exec (a "
      "machine that "
      "command lines make or reach), or worktree: "
      "NO "
      "isolation, for code that you trust");
    v("coder", coder, "coder: the name of a [coder.NAME]; empty: the only one");
    v("exec", exec, "exec: the name of an [exec.NAME]; empty: the only one");
    v("directory", directory, "workspaces live below it while they are used");
    v("mirrors", mirrors, "bare copies of the repositories");
    v("read_only_paths", read_only_paths, "shown inside the sandbox besides /usr, for toolchains");
    v("path", path, "folders put in front of PATH inside");
    v("bases", bases,
      "sandbox: checked-out trees that workspaces lie upon; empty: <directory>.bases");
    v("bases_max_bytes", bases_max_bytes, "of them together; the least recently used leaves first");
    v("cpu", cpu,
      "sandbox: processors; like those below the most that a workspace may use, and a template ask "
      "for; 0: no limit");
    v("memory_bytes", memory_bytes, "memory, with the files of /tmp and /dev/shm");
    v("processes", processes, "processes and threads at once");
    v("disk_bytes", disk_bytes, "written to the tree and the home folder");
    v("files", files, "made there, folders and links included");
    v("file_bytes", file_bytes, "of one file");
    v("keep", keep,
      "how long that of a failed task is kept for regreen task shell; 0s: not at all");
  }
};

struct NetworkConfig {
  std::string kind = "packages";
  std::vector<std::string> allow;
  std::int64_t max_connections = 32;
  bool allow_private = false;
  std::string upstream;
  std::vector<std::string> paths;
  std::string key;
  std::string key_header = "x-api-key";
  std::string key_prefix;
  std::int64_t max_requests = 0;
  std::int64_t max_tokens = 0;
  std::int64_t max_bytes = std::int64_t{1} << 30;
  absl::Duration timeout = absl::Minutes(10);
  bool forks = false;
  std::map<std::string, std::string> env;
  std::map<std::string, std::string> prices;

  template <class V>
  void Fields(V& v) {
    v("kind", kind, "packages: tunnels to registries, or model: calls with a key added outside");
    v("allow", allow, "packages: host:port; *.example.org:443 is every name below it. No forge");
    v("max_connections", max_connections, "packages: at once, of one workspace");
    v("allow_private", allow_private,
      "packages: also addresses that are not the internet's, such as a mirror at home");
    v("upstream", upstream, "model: the address that all calls go to, by https");
    v("paths", paths, "model: calls that are allowed, below the upstream; * is a run without /");
    v("key", key, "model: where the key is: file:PATH, env:NAME or credential:NAME");
    v("key_header", key_header, "model: the header that it is sent in");
    v("key_prefix", key_prefix, "model: put before it, such as \"Bearer \"");
    v("max_requests", max_requests, "model: of one workspace; 0: no cap");
    v("max_tokens", max_tokens,
      "model: of one workspace, by the usage that answers tell; 0: no cap");
    v("max_bytes", max_bytes, "both ways together, of one workspace");
    v("timeout", timeout, "of one connection or call");
    v("forks", forks,
      "a fork's code may use it too: nothing can be changed through it, or spent beyond its caps");
    v("env", env, "of commands; {url} is where the model is called from inside");
    v("prices", prices,
      "model: US dollars for a million tokens, by the model's name (* fits any), such as "
      "\"input=3 output=15 cache_read=0.3 cache_write=3.75\"");
  }
};

inline constexpr std::int64_t kMostProcessors = 1024;
WorkspaceLimits LimitsOf(const WorkspaceConfig& workspace);

struct EgressSet;
// Without its key.
EgressSet EgressOf(const NetworkConfig& network);

}  // namespace regreen
