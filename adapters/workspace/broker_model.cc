#include <algorithm>
#include <cstdio>
#include <optional>

#include "adapters/workspace/broker_state.h"
#include "adapters/workspace/usage_reader.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::int64_t kMaxBodyBytes = 16 << 20;
constexpr int kMostAtOnce = 16;

struct Called {
  std::string set, path, query;  // the query with its `?`
};

// "/SET/path?query"; nullopt when it is none.
std::optional<Called> ReadTarget(std::string_view target) {
  if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return std::nullopt;
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const std::size_t slash = path.find('/', 1);
  if (slash == std::string_view::npos) return std::nullopt;
  return Called{std::string(path.substr(1, slash - 1)), std::string(path.substr(slash)),
                std::string(target.substr(question))};
}

std::optional<std::string> ReadBody(TimedSocket& socket, const RequestHead& head) {
  if (head.expects_continue && !WriteAll(socket, "HTTP/1.1 100 Continue\r\n\r\n"))
    return std::nullopt;
  std::string body(static_cast<std::size_t>(head.content_length), '\0');
  for (std::size_t have = 0; have < body.size();) {
    const ssize_t n = socket.Read(body.data() + have, body.size() - have);
    if (n <= 0) return std::nullopt;
    have += static_cast<std::size_t>(n);
  }
  return body;
}

bool StaysOutside(const std::string& name) {
  constexpr std::string_view kNames[] = {"connection",      "keep-alive", "transfer-encoding",
                                         "trailer",         "upgrade",    "content-length",
                                         "set-cookie",      "location",   "proxy-authenticate",
                                         "proxy-connection"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

// One call, and its answer on its way in.
class ModelCall {
 public:
  ModelCall(BrokerState& state, TimedSocket& socket, SetInUse& in_use)
      : state_(state), socket_(socket), in_use_(in_use) {}

  Status Run(const RequestHead& head, const Called& called, std::string body) {
    const EgressSet& set = in_use_.set;
    in_use_.bytes += static_cast<std::int64_t>(body.size());
    HttpCall call;
    call.method = head.method;
    std::string upstream = set.upstream;
    while (upstream.ends_with('/')) upstream.pop_back();
    call.url = Cat(upstream, called.path, called.query);
    call.headers = ForwardedHeaders(head.headers, set.key_header);
    call.headers.emplace_back(Lower(set.key_header), Cat(set.key_prefix, set.key.Reveal()));
    call.body = std::move(body);
    call.timeout = set.timeout;
    call.max_body_bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, in_use_.bytes_left()));
    call.on_head = [this](const HttpAnswer& answer) { return OnHead(answer); };
    call.on_bytes = [this](std::string_view bytes) { return OnBytes(bytes); };
    call.stop = state_.stop.get_token();
    const Status status = state_.http->Call(call).status();
    if (usage_) tokens_ = usage_->Tokens();
    in_use_.tokens += tokens_;
    // An answer that broke off has no end, so that the client sees it.
    if (status.ok() && !redirect_) WriteAll(socket_, "0\r\n\r\n");
    return status;
  }

  int status() const { return status_; }
  bool redirect() const { return redirect_; }
  bool answered() const { return usage_.has_value(); }
  std::int64_t received() const { return received_; }
  std::int64_t tokens() const { return tokens_; }

 private:
  bool OnHead(const HttpAnswer& answer) {
    status_ = answer.status;
    redirect_ = answer.status >= 300 && answer.status < 400;
    if (redirect_) return false;
    usage_.emplace(HeaderValue(answer.headers, "content-type").starts_with("text/event-stream"));
    std::string head = Cat("HTTP/1.1 ", answer.status, " Upstream\r\n");
    for (const auto& [name, value] : answer.headers)
      if (!StaysOutside(name)) Append(head, name, ": ", value, "\r\n");
    return WriteAll(socket_, Cat(head, "transfer-encoding: chunked\r\nconnection: close\r\n\r\n"));
  }
  bool OnBytes(std::string_view bytes) {
    if (bytes.empty()) return true;
    received_ += static_cast<std::int64_t>(bytes.size());
    in_use_.bytes += static_cast<std::int64_t>(bytes.size());
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    const bool written = WriteAll(socket_, Cat(size, bytes, "\r\n"));
    usage_->Take(bytes);
    return written && in_use_.bytes_left() > 0;
  }

  BrokerState& state_;
  TimedSocket& socket_;
  SetInUse& in_use_;
  int status_ = 0;
  bool redirect_ = false;
  std::optional<UsageReader> usage_;
  std::int64_t received_ = 0, tokens_ = 0;
};

// Why a call is not made: a status and a sentence; nullopt when it may be.
std::optional<std::pair<int, const char*>> Objection(SetInUse& in_use, const RequestHead& head) {
  const EgressSet& set = in_use.set;
  if (set.max_tokens > 0 && in_use.tokens >= set.max_tokens)
    return std::pair(429, "the set's max_tokens are used up");
  if (in_use.bytes_left() <= 0) return std::pair(429, "the set's max_bytes are used up");
  if (head.content_length > std::min(kMaxBodyBytes, in_use.bytes_left()))
    return std::pair(413, "its body is longer than is taken here");
  if (in_use.requests.fetch_add(1) >= set.max_requests && set.max_requests > 0)
    return std::pair(429, "the set's max_requests are used up");
  return std::nullopt;
}

}  // namespace

void ServeModel(BrokerState& state, TimedSocket& socket, const RequestHead& head) {
  const std::string what = Cat(head.method, " ", head.target.substr(0, head.target.find('?')));
  const auto called = ReadTarget(head.target);
  if (!called)
    return Refuse(state, socket, 403, what, "only CONNECT and the calls of a model go out");
  const auto found = state.sets.find(called->set);
  if (found == state.sets.end() || found->second->set.kind != "model")
    return Refuse(state, socket, 403, what, "this workspace has no model of this name");
  SetInUse& in_use = *found->second;
  if (!AllowsCall(in_use.set, head.method, called->path))
    return Refuse(state, socket, 403, what, "the set's paths do not allow this call");
  const PlaceInSet place(in_use, kMostAtOnce);
  if (!place.taken()) return Refuse(state, socket, 429, what, "too many calls are made at once");
  if (const auto objection = Objection(in_use, head))
    return Refuse(state, socket, objection->first, what, objection->second);
  auto body = ReadBody(socket, head);
  if (!body) return;
  const std::size_t sent = body->size();
  ModelCall call(state, socket, in_use);
  const Status status = call.Run(head, *called, *std::move(body));
  if (call.redirect())
    return Refuse(state, socket, 502, what, "the endpoint answers with a redirect");
  if (!call.answered()) {
    const bool late = status.code() == StatusCode::kDeadlineExceeded;
    return Refuse(state, socket, late ? 504 : 502, what, Message(status));
  }
  state.notes.Add(Cat(what, " answered ", call.status(), status.ok() ? "" : " and broke off", ": ",
                      sent, " bytes out, ", call.received(), " in, ", call.tokens(), " tokens"));
}

}  // namespace regreen
