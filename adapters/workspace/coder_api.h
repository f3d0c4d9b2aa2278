// Coder's REST API: one call, one answer, one mapping of errors. Source: Coder's own API
// description (Swagger 2.0, "/api/v2"), and coderd's sources where that is silent.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

// "what" names what is being done, for messages: "creating the workspace x". Any thread.
//   InvalidArgument    Coder refused the request       Unauthenticated   the token is wrong
//   PermissionDenied   the token may not do this       NotFound          404 and 410
//   Aborted            409 and 412: something else is going on there; retry
//   ResourceExhausted  429, with its retry-after       Unavailable       5xx, no connection, no
//   JSON
class CoderApi {
 public:
  // `base` is https://HOST without a slash at its end. `http` outlives it.
  CoderApi(HttpClient& http, std::string base, Secret token);

  // `path` is below /api/v2; what is not plain in it is percent-encoded by the caller.
  StatusOr<Json> Get(std::string_view path, std::string_view what, std::stop_token stop) const;
  // `method` with a JSON body, "" for none.
  StatusOr<Json> Send(const std::string& method, std::string_view path, std::string body,
                      std::string_view what, std::stop_token stop) const;

  const std::string& base() const { return base_; }
  const Secret& token() const { return token_; }

 private:
  HttpClient& http_;
  const std::string base_;
  const Secret token_;
};

// What Coder says in the body of an error, in one line: message, detail and validations; escaped
// and capped, since they repeat input.
std::string CoderWords(const HttpAnswer& answer);

// False when `stop` asked before the time was over.
bool PauseFor(absl::Duration time, const std::stop_token& stop);

}  // namespace regreen
