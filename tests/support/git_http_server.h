// A forge's git side: `git http-backend` behind the real HTTP server, on a free port of 127.0.0.1.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "daemon/base/http.h"
#include "daemon/base/mutex.h"

namespace regreen {

class GitHttpServer {
 public:
  // Serves the bare repository `folder` as /repo.git. With a user, everything needs basic
  // authentication.
  GitHttpServer(std::string folder, std::string user, std::string password);
  std::string url() const;  // of the repository
  std::string origin() const;

  std::atomic<int> status_for_all = 0;  // when set: the answer to everything
  std::atomic<int> requests = 0;
  void RedirectTo(std::string url);  // from now on: everything is 302 to it

 private:
  HttpResponse Answer(const HttpRequest& request);
  HttpResponse RunBackend(const HttpRequest& request) const;

  const std::string folder_, user_, password_;
  Mutex mutex_;
  std::string redirect_to_ RG_GUARDED_BY(mutex_);
  std::unique_ptr<HttpServer> server_;  // last: its threads use the rest
};

}  // namespace regreen
