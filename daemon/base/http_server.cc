#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <utility>

#include "daemon/base/http.h"
#include "daemon/base/http_connection.h"
#include "daemon/base/http_library.h"
#include "daemon/base/json.h"
#include "daemon/base/listener.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/base/timed_socket.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxHeadBytes = 64 << 10;
constexpr std::size_t kBodyGranule = 64 << 10;
// Larger blocks go back to the system when they are freed.
constexpr int kLargeBlockBytes = 256 << 10;
constexpr absl::Duration kKeepAlive = absl::Seconds(15);

constexpr char kBusy[] =
    "{\"error\":\"Too many connections are open. Try again in a few seconds.\"}";

std::string BusyAnswer() {
  return Cat(
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
      "Connection: close\r\nContent-Length: ",
      sizeof kBusy - 1, "\r\n\r\n", kBusy);
}

struct Shared {
  HttpServerOptions options;
  HttpHandler handler;
  ByteBudget budget;
};

struct Refusal {
  int status = 0;
  const char* why = "";
};

const char* SentenceFor(int status) {
  switch (status) {
    case 404:
      return "There is nothing here.";
    case 405:
      return "This method is not allowed here.";
    case 408:
      return "The request took too long to arrive.";
    case 413:
      return "The body is larger than this server takes.";
    case 414:
      return "The address is longer than this server takes.";
    case 415:
      return "Send the body without a Content-Encoding.";
    case 416:
      return "The Range header is malformed.";
    case 431:
      return "The headers are longer than this server takes.";
    case 500:
      return "The server failed on this request; its log says why.";
    case 503:
      return "The server holds as much as it can. Try again in a few seconds.";
    default:
      return "The request is malformed.";
  }
}

bool TakesBody(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

bool IsDigits(const std::string& text) {
  return !text.empty() && text.size() < 20 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

// RFC 9112 section 6: what makes the length of a body doubtful is refused, since a front server may
// have read it another way.
Refusal CheckFraming(const httplib::Request& request, std::size_t max_body_bytes) {
  const auto encodings = request.get_header_value_count("Transfer-Encoding");
  const auto lengths = request.get_header_value_count("Content-Length");
  if (encodings > 1 || lengths > 1 || (encodings == 1 && lengths == 1)) {
    return {400, "The length of the body is given more than once."};
  }
  if (encodings == 1 && Lower(request.get_header_value("Transfer-Encoding")) != "chunked") {
    return {400, "The only Transfer-Encoding taken is \"chunked\"."};
  }
  const std::string length = request.get_header_value("Content-Length");
  if (lengths == 1 && !IsDigits(length)) return {400, "Content-Length is not a number."};
  const bool has_body =
      encodings == 1 || (lengths == 1 && length.find_first_not_of('0') != std::string::npos);
  if (has_body && !TakesBody(request.method)) return {400, "A body is not taken with this method."};
  const std::string coding = Lower(request.get_header_value("Content-Encoding"));
  if (!coding.empty() && coding != "identity") return {415, SentenceFor(415)};
  if (lengths == 1 && std::stoull(length) > max_body_bytes) return {413, SentenceFor(413)};
  return {};
}

void ReadTarget(std::string_view target, HttpRequest& request) {
  const std::size_t question = target.find('?');
  request.path = PercentDecode(target.substr(0, question), false);
  if (question == std::string_view::npos) return;
  for (std::string_view part : Split(target.substr(question + 1), '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    request.query.emplace_back(PercentDecode(part.substr(0, equals), true),
                               PercentDecode(value, true));
  }
}

// One worker's half of the protocol: cpp-httplib reads and writes the messages on our own bounded
// sockets; its accept loop and its threads are not used (the loop ends for good at an ECONNABORTED,
// and idle connections are polled a hundred times a second).
class Protocol final : private httplib::Server {
 public:
  Protocol(Shared& shared, const Listener& listener) : shared_(shared), listener_(listener) {
    set_payload_max_length(shared.options.max_body_bytes);
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      return BeforeBody(response) ? HandlerResponse::Handled : HandlerResponse::Unhandled;
    });
    set_expect_100_continue_handler([this](const httplib::Request&, httplib::Response& response) {
      response.status = refusal_.status;
      return refusal_.status == 0 ? 100 : refusal_.status;
    });
    const auto with_body = [this](const httplib::Request&, httplib::Response& response,
                                  const httplib::ContentReader& reader) {
      ReadBody(reader, response);
    };
    // ReadHead() makes every path "/", so that no regular expression runs on what a stranger sent.
    Post("/", with_body);
    Put("/", with_body);
    Patch("/", with_body);
    Delete("/", with_body);
    set_error_handler(
        [this](const httplib::Request&, httplib::Response& response) { Explain(response); });
    set_post_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Keep-Alive");
      closing_ = closing_ || response.get_header_value("Connection") == "close";
    });
  }

  void Serve(UniqueFd fd, const std::string& peer) {
    const HttpServerOptions& options = shared_.options;
    TimedSocket socket(std::move(fd), listener_.stop_fd(),
                       {options.read_timeout, options.request_deadline, kMaxHeadBytes});
    SocketStream stream(socket);
    socket_ = &socket;
    stream_ = &stream;
    closing_ = false;
    absl::Duration idle = options.read_timeout;
    while (!closing_ && socket.AwaitRequest(idle)) {
      if (!ServeOne(stream, peer)) break;
      idle = listener_.crowded() ? absl::ZeroDuration() : kKeepAlive;
    }
    if (socket.refuses_reads()) socket.Linger();
    socket_ = nullptr;
    stream_ = nullptr;
  }

 private:
  bool ServeOne(SocketStream& stream, const std::string& peer) {
    request_.remote_address = peer;
    refusal_ = {};
    answered_ = false;
    socket_->BeginRequest();
    bool kept = false;
    try {
      bool closed = false;
      kept = process_request(stream, peer, 0, "", 0, listener_.crowded() || listener_.stopping(),
                             closed, [this](httplib::Request& request) { ReadHead(request); });
      kept = kept && !closed;
    } catch (const std::exception& error) {
      LogError("A connection was ended by an exception.", {{"what", error.what()}});
    }
    // This thread may now be idle for long. An assignment would keep the body's room.
    HttpRequest served;
    std::swap(served, request_);
    std::string().swap(served.body);
    shared_.budget.Give(std::exchange(reserved_, 0));
    return kept;
  }

  void ReadHead(httplib::Request& request) {
    socket_->EndHead();
    request_.method = request.method;
    ReadTarget(request.target, request_);
    request_.headers.reserve(request.headers.size());
    for (const auto& [name, value] : request.headers)
      request_.headers.emplace_back(Lower(name), value);
    refusal_ = CheckFraming(request, shared_.options.max_body_bytes);
    if (refusal_.status != 0) socket_->RefuseReads();
    expected_ = static_cast<std::size_t>(
        refusal_.status == 0 ? request.get_header_value_u64("Content-Length") : 0);
    request.path = "/";
    request.params.clear();
    request.ranges.clear();
    // The bytes are wanted as they came: no form or multipart parsing.
    request.headers.erase("Content-Type");
    request.headers.erase("Content-Encoding");
    request.headers.erase("Upgrade");
    // Without any length there is no body (RFC 9112 section 6.3); the library would read to the end
    // of the connection.
    if (TakesBody(request.method) && !request.has_header("Content-Length") &&
        !request.has_header("Transfer-Encoding")) {
      request.headers.emplace("Content-Length", "0");
    }
  }

  // True when the answer is there already.
  bool BeforeBody(httplib::Response& response) {
    if (refusal_.status != 0) {
      response.status = refusal_.status;
      return true;
    }
    if (TakesBody(request_.method)) return false;
    Respond(response);
    return true;
  }

  void ReadBody(const httplib::ContentReader& reader, httplib::Response& response) {
    const bool read =
        reader([this](const char* bytes, std::size_t size) { return Take(bytes, size); });
    if (read) return Respond(response);
    if (refusal_.status == 0) {
      const int status = socket_->timed_out() ? 408 : response.status == 413 ? 413 : 400;
      refusal_ = {status, SentenceFor(status)};
    }
    response.status = refusal_.status;
    socket_->RefuseReads();
  }

  bool Take(const char* bytes, std::size_t size) {
    std::string& body = request_.body;
    const std::size_t needed = body.size() + size;
    if (needed > shared_.options.max_body_bytes) {
      refusal_ = {413, SentenceFor(413)};
      return false;
    }
    // The budget is taken as bytes come, not as they are promised: a promise costs a stranger
    // nothing, and what is reserved but not written is not resident.
    const std::size_t held = (needed + kBodyGranule - 1) / kBodyGranule * kBodyGranule;
    if (held > reserved_) {
      if (!shared_.budget.Take(held - reserved_)) {
        refusal_ = {503, SentenceFor(503)};
        return false;
      }
      reserved_ = held;
    }
    if (needed > body.capacity()) body.reserve(RoomFor(needed));
    body.append(bytes, size);
    return true;
  }

  std::size_t RoomFor(std::size_t needed) const {
    if (needed <= kBodyGranule)
      return expected_ == 0 ? kBodyGranule : std::min(expected_, kBodyGranule);
    return std::max({needed, expected_, request_.body.capacity() * 2});
  }

  void Respond(httplib::Response& response) {
    HttpResponse answer;
    try {
      answer = shared_.handler(request_);
    } catch (const std::exception& error) {
      LogError("A request handler threw.", {{"path", request_.path}, {"what", error.what()}});
      answer = HttpResponse();
      answer.status = 500;
    } catch (...) {
      LogError("A request handler threw something that is no exception.",
               {{"path", request_.path}});
      answer = HttpResponse();
      answer.status = 500;
    }
    answered_ = true;
    if (answer.stream && request_.method != "HEAD") return Send(answer);
    response.status = answer.status >= 200 && answer.status <= 599 ? answer.status : 500;
    if (!answer.body.empty()) response.set_content(std::move(answer.body), answer.content_type);
    for (const auto& [name, value] : answer.headers) response.set_header(name, value);
  }

  // A body that ends with its connection (RFC 9112 section 6.3). Written here, since the library
  // sends bodies without a known length only while it listens itself.
  void Send(const HttpResponse& answer) {
    std::string head = Cat("HTTP/1.1 ", answer.status, " OK\r\nContent-Type: ", answer.content_type,
                           "\r\nConnection: close\r\n");
    for (const auto& [name, value] : answer.headers) Append(head, name, ": ", value, "\r\n");
    OpenAnswer open(*socket_);
    try {
      if (open.Write(Cat(head, "\r\n"))) answer.stream(open);
    } catch (const std::exception& error) {
      LogError("A streamed answer threw.", {{"path", request_.path}, {"what", error.what()}});
    }
    stream_->Mute();
    closing_ = true;
  }

  // Called for every answer of 400 and above.
  void Explain(httplib::Response& response) {
    if (!answered_ && refusal_.status == 0) {
      if (socket_->head_too_long()) refusal_ = {431, SentenceFor(431)};
      if (socket_->timed_out()) refusal_ = {408, SentenceFor(408)};
      socket_->RefuseReads();
    }
    if (refusal_.status != 0) response.status = refusal_.status;
    if (response.status == 503 && !response.has_header("Retry-After"))
      response.set_header("Retry-After", "5");
    if (!response.body.empty()) return;
    JsonWriter out;
    out.BeginObject().Field("error",
                            refusal_.status != 0 ? refusal_.why : SentenceFor(response.status));
    out.EndObject();
    response.set_content(out.Take(), "application/json");
  }

  Shared& shared_;
  const Listener& listener_;
  TimedSocket* socket_ = nullptr;   // of the connection being served
  SocketStream* stream_ = nullptr;  // likewise
  bool closing_ = false;
  // Of the request being served.
  HttpRequest request_;
  Refusal refusal_;
  bool answered_ = false;
  std::size_t expected_ = 0, reserved_ = 0;
};

// One at a time: cpp-httplib compiles a std::regex for each route, and libstdc++ fills its locale's
// table of characters then without a lock.
std::shared_ptr<Protocol> NewProtocol(Shared& shared, const Listener& listener) {
  static std::mutex compiling;
  std::lock_guard lock(compiling);
  return std::make_shared<Protocol>(shared, listener);
}

}  // namespace

struct HttpServer::Impl {
  Impl(const HttpServerOptions& options, HttpHandler handler)
      : shared{options, std::move(handler), ByteBudget(options.max_inflight_bytes)} {}
  Shared shared;
  std::unique_ptr<Listener> listener;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() {
  Stop();
}
int HttpServer::port() const {
  return impl_->listener->port();
}
void HttpServer::Stop() {
  impl_->listener->Stop();
}

StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                        HttpHandler handler) {
  // By default the allocator raises this limit to the largest body it saw, and keeps what a burst
  // of uploads took, for every thread.
  mallopt(M_MMAP_THRESHOLD, kLargeBlockBytes);
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  ListenerOptions listen{options.address, options.port, options.max_threads,
                         options.max_connections_per_address, BusyAnswer()};
  ASSIGN_OR_RETURN(impl->listener,
                   Listener::Start(std::move(listen), [&shared = impl->shared](const Listener& l) {
                     auto protocol = NewProtocol(shared, l);
                     return [protocol](UniqueFd fd, const std::string& peer) {
                       protocol->Serve(std::move(fd), peer);
                     };
                   }));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace regreen
