// HTTP both ways by cpp-httplib (http_client.cc and http_server.cc own it, one each).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"

namespace regreen {

using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case
// The first value of a header, "" when absent. `lower_name` in lower case.
std::string_view HeaderValue(const Headers& headers, std::string_view lower_name);

struct HttpUrl {
  std::string scheme, host, path;  // path with query, at least "/"
  int port = 0;
  std::string Origin() const;  // scheme://host:port
};
// http and https only; no user information (it would end in a log). InvalidArgument.
StatusOr<HttpUrl> ParseUrl(std::string_view url);
// A host, as ParseUrl gives it, that is this machine by its name or address: what is sent there in
// the clear is read by nobody on the way.
bool IsLoopbackHost(std::string_view host);

// ---- client ----
struct HttpAnswer {
  int status = 0;
  Headers headers;
  std::string body;
  bool truncated = false;  // HttpCall::keep_ends left the middle out
};
struct HttpCall {
  std::string method = "GET";
  std::string url;
  Headers headers;  // no line breaks: InvalidArgument
  std::string body;
  absl::Duration timeout = absl::Seconds(30);  // for the whole call
  std::size_t max_body_bytes = 32 << 20;       // ResourceExhausted beyond
  bool keep_ends = false;                      // or beyond it the first and last halves are kept
  // Both or none: the answer is handed on as it comes, on the calling thread, instead of being
  // kept. False ends the call with Cancelled.
  std::function<bool(const HttpAnswer& head)> on_head;
  std::function<bool(std::string_view bytes)> on_bytes;
  std::stop_token stop;  // Cancelled when it asks
};
// One call, no redirect followed: a 3xx is an answer. Unavailable when there is no connection,
// DeadlineExceeded on time-out. Any thread.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual StatusOr<HttpAnswer> Call(const HttpCall& call) = 0;
};
// `ca_file` empty: the system's certificates. Verification cannot be turned off.
std::unique_ptr<HttpClient> NewHttpClient(std::string ca_file = {});
// By way of a proxy: https by a tunnel (CONNECT), so that the proxy reads nothing of it. `proxy` is
// as ParseProxy takes it.
std::unique_ptr<HttpClient> NewHttpClient(std::string ca_file, const HttpUrl& proxy);
// "http://HOST:PORT", and nothing more. InvalidArgument says so.
StatusOr<HttpUrl> ParseProxy(std::string_view text);

// ---- server ----
struct HttpRequest {
  std::string method;
  std::string path;  // decoded, without query
  std::vector<std::pair<std::string, std::string>> query;
  Headers headers;
  std::string body;
  std::string remote_address;
};
// An answer's body that comes to be while it is sent. Of the connection's own thread.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  // False when the peer has gone or does not take it in time: return then.
  virtual bool Write(std::string_view bytes) = 0;
  // True after that time; false as soon as the peer has gone or the server stops.
  virtual bool Wait(absl::Duration time) = 0;
};
struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
  // Sends the body instead, and ends it by returning: the connection is closed then. Keeps a thread
  // of the server for as long: whoever gives one bounds how many there are. Not called for HEAD.
  std::function<void(HttpStream&)> stream;
};
// May take what it wants out of the request, which ends with it.
using HttpHandler = std::function<HttpResponse(HttpRequest&)>;

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  int port = 0;                                // 0: a free one
  std::size_t max_body_bytes = 25 << 20;       // 413 beyond
  std::size_t max_inflight_bytes = 256 << 20;  // of all bodies being read; 503 beyond
  int max_threads = 512;
  int max_connections_per_address = 256;                // then 503; 0: no cap
  absl::Duration read_timeout = absl::Seconds(10);      // between bytes
  absl::Duration request_deadline = absl::Seconds(30);  // for the whole of a request
};

// Serves until Stop(). The handler runs on many threads at once; an exception in it is a 500.
class HttpServer {
 public:
  // AlreadyExists when the port is taken (also by another instance of us), InvalidArgument.
  static StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                     HttpHandler handler);
  ~HttpServer();  // stops
  int port() const;
  void Stop();  // no new connections; waits for the requests being served

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace regreen
