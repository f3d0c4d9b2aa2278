// The REST API of Gitea and Forgejo: one call, one answer, one mapping of errors. Source: Gitea's
// own description, templates/swagger/v1_json.tmpl, and docs.gitea.com, "API Usage".
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
class GiteaApi {
 public:
  // The client, whose address ends with /api/v1, outlives it. The token is a person's or a bot's.
  GiteaApi(const ForgeClient& client, Secret token);

  StatusOr<Json> Get(std::string_view path, std::string_view what, std::stop_token stop) const;
  // The elements of a list, page after page, until `see` answers false or `most_pages` were read.
  // `field` names the list in an object, "" where the answer is the list itself.
  Status GetPages(std::string_view path, std::string_view field, int most_pages,
                  std::string_view what, std::stop_token stop,
                  const std::function<bool(const Json& element)>& see) const;
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
  StatusOr<HttpAnswer> Exchange(HttpCall call, std::string_view what, std::stop_token stop) const;

  const ForgeClient& client_;
  const Secret token_;
  const std::shared_ptr<Gate> gate_;
};

// "/repos/acme/widget", of a name that was checked to be plain.
std::string GiteaRepo(std::string_view repo);

}  // namespace regreen
