// The forges that we can talk to, by the name that the config calls their kind.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/forge/client/client.h"
#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"
#include "daemon/ports/forge.h"
#include "daemon/ports/forge_traffic.h"
#include "daemon/ports/repository.h"

namespace regreen {

struct ForgeOptions {
  std::string name;  // in the config
  std::string kind;  // "github", "gitlab", "gitea", "git"
  // github, gitlab and gitea:
  std::string api;  // "": GitHub's own, GitLab's own; gitea has none of its own
  // Clone URLs are <git>/<owner>/<name>.git; or a folder of this machine. "": the kind's own, at
  // GitLab and Gitea where the API is.
  std::string git;
  Secret token;
  std::vector<std::string> repos;  // globs; a repository that fits none is refused
  bool forks = false;              // runs of forks are worked on, so that more is asked about them
  absl::Duration writes_apart = absl::Seconds(1);  // what is written, one after the other
  // How it is reached, by git too: the calls themselves are made by the dependencies' http.
  std::string ca_file, proxy;
  // git:
  std::map<std::string, std::string> remotes;  // owner/name → URL or absolute path
  // github, instead of a token:
  std::string app_id;  // client id, or number
  Secret app_key;      // PEM
};

// What the adapters work with; all outlive the forge.
struct ForgeDependencies {
  HttpClient* http = nullptr;
  Mirror* mirror = nullptr;
  const Clock* clock = nullptr;
  ForgeTraffic* traffic = nullptr;  // may be null
  Gates* gates = nullptr;           // shared by forges that use one credential; may be null
};

StatusOr<std::unique_ptr<Forge>> CreateForge(const ForgeOptions& options,
                                             const ForgeDependencies& dependencies);
std::vector<std::string> ForgeKinds();

// The addresses of a kind of forge, where the options leave them empty.
std::string ApiOf(const std::string& kind, const std::string& api);
std::string GitOf(const std::string& kind, const std::string& api, const std::string& git);

// What a forge's client is made of. `manners` are its platform's.
ForgeClientOptions ClientOptionsOf(const ForgeOptions& options,
                                   const ForgeDependencies& dependencies, const Manners& manners,
                                   const std::string& api);

}  // namespace regreen
