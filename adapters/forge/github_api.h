// GitHub's REST API: one call, one answer, one mapping of errors. Source: docs.github.com, "REST
// API", version 2022-11-28; "Rate limits for the REST API".
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapters/forge/client/client.h"
#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

// "what" names what is being done, for messages: "reading run 7 of acme/widget". Any thread.
class GithubApi {
 public:
  // The client outlives it; the gate is the token's. `refused` is told that GitHub refused the
  // token, and answers whether another can be had.
  GithubApi(const ForgeClient& client, std::shared_ptr<Gate> gate, Secret token,
            std::function<bool()> refused = {});

  StatusOr<Json> Get(std::string_view path, std::string_view what, std::stop_token stop) const;
  // The same for a list: Unavailable when the answer is none.
  StatusOr<Json> GetList(std::string_view path, std::string_view what, std::stop_token stop) const;
  // `method` with a JSON body.
  StatusOr<Json> Send(const std::string& method, std::string_view path, std::string body,
                      std::string_view what, std::stop_token stop) const;
  // Answers the data of a query or mutation. An error that GitHub names in a good answer is mapped
  // as the status of a REST call would be.
  StatusOr<Json> GraphQl(std::string_view query, const std::string& variables_json,
                         std::string_view what, std::stop_token stop) const;
  // The answer as it is, redirects and errors included.
  StatusOr<HttpAnswer> Fetch(HttpCall call, std::stop_token stop) const;
  // A call to the API with its headers, the credential included.
  HttpCall Prepare(std::string_view path) const;
  // OK for 2xx. See the .cc for the table.
  Status ErrorOf(const HttpAnswer& answer, std::string_view what) const;

  const std::string& base() const { return client_.api(); }
  const Clock& clock() const { return client_.clock(); }

 private:
  StatusOr<Json> Exchange(HttpCall call, std::string_view what, std::stop_token stop) const;

  const ForgeClient& client_;
  const std::shared_ptr<Gate> gate_;
  const Secret token_;
  const std::function<bool()> refused_;
};

// The API by a token for one repository. PermissionDenied for a repository that the configuration
// does not name.
using GithubApiFor =
    std::function<StatusOr<GithubApi>(const std::string& repo, std::stop_token stop)>;

// "https://api.github.com/graphql"; GitHub Enterprise Server, whose API is at
// "https://HOST/api/v3", has it at "https://HOST/api/graphql".
std::string GraphQlOf(const std::string& api);

// "acme/widget" with each part percent-encoded.
std::string RepoPath(std::string_view repo);

}  // namespace regreen
