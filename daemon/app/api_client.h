// The daemon's API, for commands that are not on its machine.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "daemon/app/commands.h"
#include "daemon/base/http.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

// Any thread.
class ApiClient {
 public:
  // InvalidArgument for an address that is none, or that would carry the token in the clear: http
  // is taken for this very machine only.
  static StatusOr<ApiClient> Create(const ServerArguments& server);

  // Any answer is one, whatever its status. `path` begins with "/api/v1/". Errors as of
  // HttpClient::Call.
  StatusOr<HttpAnswer> Ask(const std::string& method, const std::string& path,
                           const std::string& body, const Headers& headers = {},
                           std::stop_token stop = {}) const;

 private:
  ApiClient(std::unique_ptr<HttpClient> http, std::string origin, Secret token)
      : http_(std::move(http)), origin_(std::move(origin)), token_(std::move(token)) {}

  std::unique_ptr<HttpClient> http_;
  std::string origin_;
  Secret token_;
};

// The body of a good answer; for another the sentence of its problem, as the status that the
// command line ends with.
StatusOr<std::string> BodyOf(const HttpAnswer& answer);

}  // namespace regreen
