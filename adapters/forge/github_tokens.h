// Where the token of a call to GitHub comes from: one that was given, or one of an app's
// installation. Source: docs.github.com, "Authenticating as a GitHub App installation".
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "adapters/forge/client/client.h"
#include "daemon/base/rsa.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

struct GithubCredential {
  Secret token;
  std::shared_ptr<Gate> gate;  // of whose limits it is: the token's own, or its installation's
};

class GithubTokens {
 public:
  virtual ~GithubTokens() = default;
  // A token that is good for some minutes at least. Any thread; may block on the network.
  virtual StatusOr<GithubCredential> For(const std::string& repo, std::stop_token stop) = 0;
  // GitHub refused the repository's token. Answers whether another can be had.
  virtual bool Refused(const std::string& repo) = 0;
};

// The client outlives the tokens.
std::unique_ptr<GithubTokens> NewFixedToken(const ForgeClient& client, Secret token);

// Tokens that an app's installation gives, each for one repository and what is done there, kept
// until five minutes before they end. A repository's token is asked for once, however many threads
// want it. NotFound where the app is not installed, PermissionDenied where the installation is
// suspended or lacks what is needed, Unauthenticated where id and key do not belong together.
// `id` is the app's client id, or its number. The client outlives the tokens.
std::unique_ptr<GithubTokens> NewGithubAppTokens(const ForgeClient& client, std::string id,
                                                 RsaKey key);

// A JSON Web Token (RS256) that says "I am the app", good for nine minutes. `now` by GitHub's
// clock.
StatusOr<std::string> GithubAppJwt(const RsaKey& key, const std::string& id, absl::Time now);

}  // namespace regreen
