// GitLab's REST API: one call, one answer, one mapping of errors. Source: docs.gitlab.com, "REST
// API" (version 4), "Rate limits" and "Pagination".
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/forge/client/client.h"
#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

// "what" names what is being done, for messages: "reading pipeline 7 of acme/widget". Any thread.
class GitlabApi {
 public:
  // The client, whose API's base ends with /api/v4, outlives it. The token is a project's, a
  // group's or a person's.
  GitlabApi(const ForgeClient& client, Secret token);

  StatusOr<Json> Get(std::string_view path, std::string_view what, std::stop_token stop) const;
  // The elements of a list, page after page, until `see` answers false or `most_pages` were read.
  // `path` has a query.
  Status GetPages(std::string_view path, int most_pages, std::string_view what,
                  std::stop_token stop, const std::function<bool(const Json& element)>& see) const;
  // `method` with a JSON body.
  StatusOr<Json> Send(const std::string& method, std::string_view path, std::string body,
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
  StatusOr<ForgeClient::JsonAnswer> Exchange(HttpCall call, std::string_view what,
                                             std::stop_token stop) const;

  const ForgeClient& client_;
  const Secret token_;
  const std::shared_ptr<Gate> gate_;
};

// "/projects/acme%2Fwidget".
std::string ProjectPath(std::string_view repo);
// As GitLab writes times: "2015-12-24T15:51:21.802Z". InfinitePast when it is none.
absl::Time GitlabTime(const Json& value);

}  // namespace regreen
