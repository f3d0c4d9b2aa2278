#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "daemon/base/http.h"
#include "daemon/base/http_library.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kMaxConnect = absl::Seconds(15);

bool IsTokenByte(unsigned char c) {  // RFC 9110 section 5.6.2
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte);
}

bool IsHeaderText(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

// Names no value: it may be a credential.
Status CheckCall(const HttpCall& call) {
  if (!IsToken(call.method)) return InvalidArgument("The HTTP method is not one word.");
  for (const auto& [name, value] : call.headers) {
    if (!IsToken(name))
      return InvalidArgument("A request header's name holds a character that may not be there.");
    if (!IsHeaderText(value)) {
      return InvalidArgument(
          Cat("The request header ", name, " holds a line break or another control character."));
    }
  }
  return OkStatus();
}

Status ConvertError(httplib::Error error, const HttpUrl& url, bool late) {
  using E = httplib::Error;
  const std::string origin = url.Origin();
  switch (error) {
    case E::SSLServerVerification:
      return Unavailable(Cat("The certificate of ", origin,
                             " is not signed by an authority that is trusted here; "
                             "check the system's certificates or the configured CA file."));
    case E::SSLServerHostnameVerification:
      return Unavailable(Cat("The certificate of ", origin, " is for another host."));
    case E::SSLLoadingCerts:
      return Unavailable(
          Cat("The CA file for ", origin, " could not be read; check its path and content."));
    case E::ConnectionTimeout:
    case E::Timeout:
      return DeadlineExceeded(Cat(origin, " did not answer in time."));
    default:
      break;
  }
  if (late) return DeadlineExceeded(Cat(origin, " did not answer in time."));
  if (error == E::Connection) return Unavailable(Cat("There is no connection to ", origin, "."));
  return Unavailable(Cat("The call to ", origin, " failed: ", httplib::to_string(error), "."));
}

constexpr std::string_view kCut = "\n[the middle is left out here: it was too long]\n";

// The bytes of an answer, within a cap.
class CappedBody {
 public:
  CappedBody(std::size_t max_bytes, bool keep_ends) : max_(max_bytes), keep_ends_(keep_ends) {}

  // False beyond the cap, unless the ends are kept.
  bool Append(std::string_view bytes) {
    if (!truncated_ && bytes.size() <= max_ - head_.size()) {
      head_ += bytes;
      return true;
    }
    if (!keep_ends_) return false;
    if (!truncated_) {
      truncated_ = true;
      tail_ = head_.substr(std::min(head_.size(), max_ / 2));
      head_.resize(std::min(head_.size(), max_ / 2));
    }
    tail_ += bytes;
    // Trimmed now and then, so that each byte moves twice at the most.
    if (tail_.size() > max_) tail_.erase(0, tail_.size() - max_ / 2);
    return true;
  }

  bool truncated() const { return truncated_; }

  std::string Take() {
    if (!truncated_) return std::move(head_);
    if (tail_.size() > max_ / 2) tail_.erase(0, tail_.size() - max_ / 2);
    return Cat(head_, kCut, tail_);
  }

 private:
  const std::size_t max_;
  const bool keep_ends_;
  bool truncated_ = false;
  std::string head_, tail_;
};

struct Transfer {
  explicit Transfer(const HttpCall& call)
      : body(call.max_body_bytes, call.keep_ends), left(call.max_body_bytes), on(call.on_bytes) {}
  httplib::Request request;
  CappedBody body;
  std::chrono::steady_clock::time_point deadline;
  std::size_t left;  // of a body that is handed on
  const std::function<bool(std::string_view)>& on;
  bool too_long = false, late = false, refused = false;

  bool Take(const char* bytes, std::size_t size) {
    late = std::chrono::steady_clock::now() > deadline;
    if (late) return false;
    if (on) {
      too_long = size > left;
      if (too_long) return false;
      left -= size;
      refused = !on({bytes, size});
      return !refused;
    }
    too_long = !body.Append({bytes, size});
    return !too_long;
  }
};

HttpAnswer HeadOf(const httplib::Response& response) {
  HttpAnswer answer;
  answer.status = response.status;
  for (const auto& [name, value] : response.headers)
    answer.headers.emplace_back(Lower(name), value);
  return answer;
}

void Prepare(const HttpCall& call, const HttpUrl& url, Transfer& transfer) {
  httplib::Request& request = transfer.request;
  request.method = call.method;
  request.path = url.path;
  request.body = call.body;
  bool agent = false;
  for (const auto& [name, value] : call.headers) {
    request.headers.emplace(name, value);
    agent = agent || Lower(name) == "user-agent";
  }
  if (!agent) request.headers.emplace("User-Agent", "regreen");
  request.start_time_ = std::chrono::steady_clock::now();
  transfer.deadline = request.start_time_ + absl::ToChronoNanoseconds(call.timeout);
  request.content_receiver = [&transfer](const char* bytes, std::size_t size, std::size_t,
                                         std::size_t) { return transfer.Take(bytes, size); };
  if (!call.on_head) return;
  request.response_handler = [&call, &transfer](const httplib::Response& response) {
    transfer.refused = !call.on_head(HeadOf(response));
    return !transfer.refused;
  };
}

template <class Client>
void Configure(Client& client, const HttpCall& call, const std::optional<HttpUrl>& proxy) {
  if (proxy) client.set_proxy(proxy->host, proxy->port);
  const auto whole = absl::ToChronoMilliseconds(call.timeout);
  client.set_connection_timeout(absl::ToChronoMilliseconds(std::min(call.timeout, kMaxConnect)));
  client.set_read_timeout(whole);
  client.set_write_timeout(whole);
  client.set_max_timeout(whole);
  client.set_follow_location(false);
  client.set_path_encode(false);
  client.set_keep_alive(false);
}

StatusOr<HttpAnswer> Send(httplib::ClientImpl& client, const HttpUrl& url, const HttpCall& call,
                          Transfer& transfer) {
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  // Only shuts the connection: what is being resolved or connected goes on to its own time limit.
  const std::stop_callback ender(call.stop, [&client] { client.stop(); });
  const bool sent = !call.stop.stop_requested() && client.send(transfer.request, response, error);
  if (call.stop.stop_requested() || transfer.refused)
    return Cancelled(Cat("The call to ", url.Origin(), " was ended from here."));
  if (transfer.too_long) {
    return ResourceExhausted(Cat(url.Origin(), " sent a longer answer than is taken here."));
  }
  // What the library hands on then is the proxy's answer, and none of who was called.
  if (error == httplib::Error::ProxyConnection) {
    return Unavailable(
        Cat("The proxy opens no way to ", url.Origin(), ": it answered ", response.status, "."));
  }
  if (!sent) {
    const bool late = transfer.late || std::chrono::steady_clock::now() > transfer.deadline;
    return ConvertError(error, url, late);
  }
  HttpAnswer answer = HeadOf(response);
  answer.truncated = transfer.body.truncated();
  answer.body = transfer.body.Take();
  return answer;
}

class LibraryClient final : public HttpClient {
 public:
  LibraryClient(std::string ca_file, std::optional<HttpUrl> proxy)
      : ca_file_(std::move(ca_file)), proxy_(std::move(proxy)) {}

  StatusOr<HttpAnswer> Call(const HttpCall& call) override {
    RETURN_IF_ERROR(CheckCall(call));
    ASSIGN_OR_RETURN(const HttpUrl url, ParseUrl(call.url));
    try {
      Transfer transfer(call);
      Prepare(call, url, transfer);
      if (url.scheme == "https") {
        httplib::SSLClient client(url.host, url.port);
        if (!ca_file_.empty()) client.set_ca_cert_path(ca_file_);
        Configure(client, call, proxy_);
        return Send(client, url, call, transfer);
      }
      httplib::ClientImpl client(url.host, url.port);
      Configure(client, call, proxy_);
      return Send(client, url, call, transfer);
    } catch (const std::exception& error) {
      return Unavailable(Cat("The call to ", url.Origin(), " failed: ", error.what(), "."));
    }
  }

 private:
  const std::string ca_file_;
  const std::optional<HttpUrl> proxy_;
};

}  // namespace

std::unique_ptr<HttpClient> NewHttpClient(std::string ca_file) {
  return std::make_unique<LibraryClient>(std::move(ca_file), std::nullopt);
}

std::unique_ptr<HttpClient> NewHttpClient(std::string ca_file, const HttpUrl& proxy) {
  return std::make_unique<LibraryClient>(std::move(ca_file), proxy);
}

}  // namespace regreen
