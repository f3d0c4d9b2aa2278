#include "tests/support/git_http_server.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "daemon/base/hash.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {

GitHttpServer::GitHttpServer(std::string folder, std::string user, std::string password)
    : folder_(std::move(folder)), user_(std::move(user)), password_(std::move(password)) {
  auto server =
      HttpServer::Start({}, [this](const HttpRequest& request) { return Answer(request); });
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

std::string GitHttpServer::origin() const {
  return Cat("http://127.0.0.1:", server_->port());
}
std::string GitHttpServer::url() const {
  return origin() + "/repo.git";
}

void GitHttpServer::RedirectTo(std::string url) {
  MutexLock lock(mutex_);
  redirect_to_ = std::move(url);
}

HttpResponse GitHttpServer::Answer(const HttpRequest& request) {
  ++requests;
  std::string redirect_to;
  {
    MutexLock lock(mutex_);
    redirect_to = redirect_to_;
  }
  if (!redirect_to.empty()) {
    const std::string rest = request.path.substr(std::string_view("/repo.git").size());
    return {
        302, "text/plain", "", {{"location", Cat(redirect_to, rest, "?service=git-upload-pack")}}};
  }
  if (status_for_all != 0) return {status_for_all, "text/plain", "no", {}};
  const std::string wanted = Cat("Basic ", Base64Encode(Cat(user_, ":", password_)));
  if (!user_.empty() && HeaderValue(request.headers, "authorization") != wanted) {
    return {401, "text/plain", "who are you?", {{"www-authenticate", "Basic realm=\"git\""}}};
  }
  if (!request.path.starts_with("/repo.git/")) return {404, "text/plain", "no such repository", {}};
  return RunBackend(request);
}

HttpResponse GitHttpServer::RunBackend(const HttpRequest& request) const {
  std::string query;
  for (const auto& [name, value] : request.query) {
    Append(query, query.empty() ? "" : "&", name, "=", value);
  }
  ProcessSpec spec;
  spec.argv = {"git", "-c", "http.receivepack=true", "http-backend"};
  spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
              {"HOME", "/nonexistent"},
              {"GIT_CONFIG_NOSYSTEM", "1"},
              {"GIT_HTTP_EXPORT_ALL", "1"},
              {"GIT_PROJECT_ROOT", folder_},
              {"PATH_INFO", request.path.substr(std::string_view("/repo.git").size())},
              {"REQUEST_METHOD", request.method},
              {"QUERY_STRING", query},
              {"CONTENT_TYPE", std::string(HeaderValue(request.headers, "content-type"))},
              {"CONTENT_LENGTH", std::to_string(request.body.size())}};
  spec.stdin_bytes = request.body;
  spec.max_output_bytes = 64 << 20;
  auto result = RunProcess(spec);
  if (!result.ok()) return {500, "text/plain", Message(result.status()), {}};
  const std::size_t end = result->out.find("\r\n\r\n");
  if (end == std::string::npos) return {500, "text/plain", result->err, {}};
  HttpResponse response;
  for (std::string_view line : SplitLines(std::string_view(result->out).substr(0, end))) {
    const std::string name = Lower(line.substr(0, line.find(':')));
    const std::string value(Trim(line.substr(name.size() + 1)));
    if (name == "status") response.status = std::atoi(value.c_str());
    if (name == "content-type") response.content_type = value;
  }
  response.body = result->out.substr(end + 4);
  return response;
}

}  // namespace regreen
