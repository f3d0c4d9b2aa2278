// GitHub's REST API: one call, one answer, one mapping of errors. Source: docs.github.com, "REST
// API", version 2022-11-28; "Rate limits for the REST API".
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

// "what" names what is being done, for messages: "reading run 7 of acme/widget". Any thread.
class GithubApi {
 public:
  // `base` without a slash at its end. Both references outlive it. `refused` is told that GitHub
  // refused the token, and answers whether another can be had.
  GithubApi(HttpClient& http, const Clock& clock, std::string base, Secret token,
            std::function<bool()> refused = {});

  StatusOr<Json> Get(std::string_view path, std::string_view what, std::stop_token stop) const;
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

  const std::string& base() const { return base_; }
  const Clock& clock() const { return clock_; }

 private:
  StatusOr<Json> Exchange(HttpCall call, std::string_view what, std::stop_token stop) const;
  Status RateLimited(const HttpAnswer& answer, std::string_view what) const;

  HttpClient& http_;
  const Clock& clock_;
  const std::string base_;
  const Secret token_;
  const std::function<bool()> refused_;
};

// The API by a token for one repository. PermissionDenied for a repository that the configuration
// does not name.
using GithubApiFor =
    std::function<StatusOr<GithubApi>(const std::string& repo, std::stop_token stop)>;

// "acme/widget" with each part percent-encoded.
std::string RepoPath(std::string_view repo);

}  // namespace regreen
