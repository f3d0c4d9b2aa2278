// Where the token of a call to GitHub comes from: one that was given, or one of an app's
// installation. Source: docs.github.com, "Authenticating as a GitHub App installation".
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/rsa.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

class GithubTokens {
 public:
  virtual ~GithubTokens() = default;
  // A token that is good for some minutes at least. Any thread; may block on the network.
  virtual StatusOr<Secret> For(const std::string& repo, std::stop_token stop) = 0;
  // GitHub refused the repository's token. Answers whether another can be had.
  virtual bool Refused(const std::string& repo) = 0;
};

std::unique_ptr<GithubTokens> NewFixedToken(Secret token);

struct GithubAppOptions {
  HttpClient* http = nullptr;  // outlive the tokens
  const Clock* clock = nullptr;
  std::string api;  // without a slash at its end
  std::string id;   // the app's client id, or its number
};

// Tokens that an app's installation gives, each for one repository and what is done there, kept
// until five minutes before they end. A repository's token is asked for once, however many threads
// want it. NotFound where the app is not installed, PermissionDenied where the installation is
// suspended or lacks what is needed, Unauthenticated where id and key do not belong together.
std::unique_ptr<GithubTokens> NewGithubAppTokens(GithubAppOptions options, RsaKey key);

// A JSON Web Token (RS256) that says "I am the app", good for nine minutes. `now` by GitHub's
// clock.
StatusOr<std::string> GithubAppJwt(const RsaKey& key, const std::string& id, absl::Time now);

}  // namespace regreen
