#include <algorithm>
#include <cstdio>
#include <optional>

#include "adapters/workspace/broker_state.h"
#include "adapters/workspace/usage_reader.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::int64_t kMaxBodyBytes = 16 << 20;
constexpr int kMostAtOnce = 16, kMostTrailers = 100;

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

bool ReadExactly(TimedSocket& socket, char* to, std::size_t size) {
  for (std::size_t have = 0; have < size;) {
    const ssize_t n = socket.Read(to + have, size - have);
    if (n <= 0) return false;
    have += static_cast<std::size_t>(n);
  }
  return true;
}

// Up to CR LF, which are left out.
std::optional<std::string> ReadChunkLine(TimedSocket& socket) {
  constexpr std::size_t kMostBytes = 1024;
  std::string line;
  char byte;
  while (line.size() < kMostBytes && ReadExactly(socket, &byte, 1)) {
    line += byte;
    if (line.ends_with("\r\n")) return line.substr(0, line.size() - 2);
    // Broken in another way, or after a lone CR.
    if (byte == '\n' || (line.size() > 1 && line[line.size() - 2] == '\r')) break;
  }
  return std::nullopt;
}

// RFC 9112 section 7.1; extensions and trailers are read past. nullopt for what is no such body, or
// is longer than `most`.
std::optional<std::string> ReadChunks(TimedSocket& socket, std::size_t most) {
  std::string body;
  for (;;) {
    const auto line = ReadChunkLine(socket);
    if (!line) return std::nullopt;
    const std::size_t digits =
        std::min(line->find_first_not_of("0123456789abcdefABCDEF"), line->size());
    const bool ends = digits == line->size() || (*line)[digits] == ';' || (*line)[digits] == ' ';
    if (digits == 0 || digits > 8 || !ends) return std::nullopt;
    const std::size_t size = std::stoul(line->substr(0, digits), nullptr, 16);
    if (size > most - body.size()) return std::nullopt;
    if (size == 0) break;
    const std::size_t at = body.size();
    body.resize(at + size);
    char end[2];
    if (!ReadExactly(socket, body.data() + at, size) || !ReadExactly(socket, end, 2) ||
        std::string_view(end, 2) != "\r\n")
      return std::nullopt;
  }
  for (int trailers = 0; trailers < kMostTrailers; ++trailers) {
    const auto trailer = ReadChunkLine(socket);
    if (!trailer) return std::nullopt;
    if (trailer->empty()) return body;
  }
  return std::nullopt;
}

std::optional<std::string> ReadBody(TimedSocket& socket, const RequestHead& head,
                                    std::int64_t most) {
  if (head.expects_continue && !WriteAll(socket, "HTTP/1.1 100 Continue\r\n\r\n"))
    return std::nullopt;
  if (head.chunked) return ReadChunks(socket, static_cast<std::size_t>(most));
  std::string body(static_cast<std::size_t>(head.content_length), '\0');
  if (!ReadExactly(socket, body.data(), body.size())) return std::nullopt;
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
    sent_ = static_cast<std::int64_t>(body.size());
    in_use_.bytes += sent_;
    state_.meter.CountRequest();
    HttpCall call;
    call.method = head.method;
    std::string upstream = set.upstream;
    while (upstream.ends_with('/')) upstream.pop_back();
    call.url = Cat(upstream, called.path, called.query);
    call.headers = ForwardedHeaders(head.headers, set.key_header);
    call.headers.emplace_back(Lower(set.key_header), Cat(set.key_prefix, set.key.Reveal()));
    // Its usage is to be read.
    call.headers.emplace_back("accept-encoding", "identity");
    call.body = std::move(body);
    call.timeout = set.timeout;
    call.max_body_bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, in_use_.bytes_left()));
    call.on_head = [this](const HttpAnswer& answer) { return OnHead(answer); };
    call.on_bytes = [this](std::string_view bytes) { return OnBytes(bytes); };
    call.stop = state_.stop.get_token();
    const Status status = state_.http->Call(call).status();
    if (usage_) {
      usage_->Finish();
      Account();
    }
    // An answer that broke off has no end, so that the client sees it.
    if (status.ok() && usage_) WriteAll(socket_, "0\r\n\r\n");
    return status;
  }

  int status() const { return status_; }
  // Why an answer is not handed on at all; null: it is.
  const char* refused() const { return refused_; }
  bool spent() const { return spent_; }  // it passed what may be spent
  bool answered() const { return usage_.has_value(); }
  std::int64_t received() const { return received_; }
  std::int64_t tokens() const { return counted_.tokens(); }

 private:
  // Adds what is new of this call. False when that passes what may be spent.
  bool Account() {
    ModelUsage now = usage_->usage();
    now.usd = PriceOf(in_use_.prices, usage_->model(), now);
    ModelUsage more = now;
    more.input_tokens -= counted_.input_tokens;
    more.cache_read_tokens -= counted_.cache_read_tokens;
    more.cache_write_tokens -= counted_.cache_write_tokens;
    more.output_tokens -= counted_.output_tokens;
    more.usd -= counted_.usd;
    counted_ = now;
    const std::int64_t tokens = in_use_.tokens += more.tokens();
    const std::int64_t most = in_use_.set.max_tokens;
    if (most > 0 && tokens >= most) state_.meter.MarkOver();
    spent_ = !state_.meter.Add(more);
    return !spent_;
  }
  bool OnHead(const HttpAnswer& answer) {
    status_ = answer.status;
    const std::string coding = Lower(HeaderValue(answer.headers, "content-encoding"));
    if (answer.status >= 300 && answer.status < 400)
      refused_ = "the endpoint answers with a redirect";
    if (!coding.empty() && coding != "identity")
      refused_ = "the endpoint answers in a coding that was not asked for";
    if (refused_ != nullptr) return false;
    usage_.emplace(HeaderValue(answer.headers, "content-type").starts_with("text/event-stream"),
                   sent_);
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
    return Account() && written && in_use_.bytes_left() > 0;
  }

  BrokerState& state_;
  TimedSocket& socket_;
  SetInUse& in_use_;
  int status_ = 0;
  const char* refused_ = nullptr;
  bool spent_ = false;
  std::optional<UsageReader> usage_;
  std::int64_t sent_ = 0, received_ = 0;
  ModelUsage counted_;  // what the meter knows of this call
};

// Why a call is not made: a status and a sentence; nullopt when it may be.
std::optional<std::pair<int, const char*>> Objection(UsageMeter& meter, SetInUse& in_use,
                                                     const RequestHead& head) {
  const EgressSet& set = in_use.set;
  if (set.max_tokens > 0 && in_use.tokens >= set.max_tokens)
    return std::pair(403, "the set's max_tokens are used up");
  if (meter.Total().over) return std::pair(403, "what may be spent on the model is spent");
  if (in_use.bytes_left() <= 0) return std::pair(403, "the set's max_bytes are used up");
  if (head.content_length > std::min(kMaxBodyBytes, in_use.bytes_left()))
    return std::pair(413, "its body is longer than is taken here");
  if (in_use.requests.fetch_add(1) >= set.max_requests && set.max_requests > 0) {
    meter.MarkOver();
    return std::pair(403, "the set's max_requests are used up");
  }
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
  if (const auto objection = Objection(state.meter, in_use, head))
    return Refuse(state, socket, objection->first, what, objection->second);
  auto body = ReadBody(socket, head, std::min(kMaxBodyBytes, in_use.bytes_left()));
  if (!body && head.chunked)
    return Refuse(state, socket, 400, what, "its chunks are no body, or one that is too long");
  if (!body) return;
  const std::size_t sent = body->size();
  ModelCall call(state, socket, in_use);
  const Status status = call.Run(head, *called, *std::move(body));
  if (call.refused() != nullptr) return Refuse(state, socket, 502, what, call.refused());
  if (!call.answered()) {
    const bool late = status.code() == StatusCode::kDeadlineExceeded;
    return Refuse(state, socket, late ? 504 : 502, what, Message(status));
  }
  const char* end = status.ok()    ? ""
                    : call.spent() ? " and was broken off: what may be spent is spent"
                                   : " and broke off";
  state.notes.Add(Cat(what, " answered ", call.status(), end, ": ", sent, " bytes out, ",
                      call.received(), " in, ", call.tokens(), " tokens"));
}

}  // namespace regreen
