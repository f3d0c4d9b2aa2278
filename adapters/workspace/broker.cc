#include "adapters/workspace/broker.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "adapters/workspace/broker_state.h"
#include "adapters/workspace/forwarder.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMaxConnections = 320;  // each has a thread
constexpr int kMostNotes = 300;
constexpr std::size_t kMaxNoteBytes = 500, kMaxHeadBytes = 32 << 10;
constexpr absl::Duration kReadTimeout = absl::Seconds(10);
constexpr char kBusy[] =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

absl::Duration LongestCall(const EgressSets& sets) {
  absl::Duration longest = absl::Seconds(30);
  for (const auto& [name, set] : sets) longest = std::max(longest, set.timeout);
  return longest;
}

const char* ReasonOf(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 504:
      return "Gateway Timeout";
    default:
      return "Bad Gateway";
  }
}

// Ends with the empty line; "" when it does not come.
std::string ReadHead(TimedSocket& socket) {
  std::string head;
  char byte;
  while (!head.ends_with("\r\n\r\n")) {
    if (socket.Read(&byte, 1) <= 0) return "";
    head += byte;
  }
  return head;
}

}  // namespace

void BrokerNotes::Add(std::string_view sentence) {
  MutexLock lock(mutex_);
  if (++count_ <= kMostNotes)
    Append(lines_, EscapeControl(Truncate(sentence, kMaxNoteBytes)), "\n");
}

std::string BrokerNotes::Take() {
  MutexLock lock(mutex_);
  std::string lines = std::exchange(lines_, "");
  const int beyond = std::exchange(count_, 0) - kMostNotes;
  if (beyond > 0) Append(lines, "and ", beyond, " more\n");
  return lines;
}

bool WriteAll(TimedSocket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = socket.Write(bytes.data(), bytes.size());
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void Refuse(BrokerState& state, TimedSocket& socket, int status, std::string_view what,
            std::string_view sentence) {
  state.notes.Add(Cat("refused: ", what, ": ", sentence));
  JsonWriter body;
  body.BeginObject().Field("type", "error").Key("error").BeginObject();
  body.Field("type", "regreen").Field("message", ToValidUtf8(sentence)).EndObject().EndObject();
  const std::string text = body.Take();
  WriteAll(socket, Cat("HTTP/1.1 ", status, " ", ReasonOf(status),
                       "\r\nContent-Type: application/json\r\nContent-Length: ", text.size(),
                       "\r\nConnection: close\r\n\r\n", text));
  socket.RefuseReads();
  socket.Linger();
}

void ServeFromInside(BrokerState& state, TimedSocket& socket, int stop_fd) {
  socket.BeginRequest();
  const std::string bytes = ReadHead(socket);
  if (bytes.empty()) {
    if (socket.head_too_long())
      Refuse(state, socket, 431, "a request", "its head is longer than is taken here");
    return;
  }
  socket.EndHead();
  const auto head = ParseRequestHead(bytes);
  if (!head.ok()) return Refuse(state, socket, 400, "a request", Message(head.status()));
  if (head->method == "CONNECT") return ServeTunnel(state, socket, *head, stop_fd);
  ServeModel(state, socket, *head);
}

StatusOr<std::unique_ptr<Broker>> Broker::Start(BrokerOptions options) {
  RETURN_IF_ERROR(MakeDirectories(options.folder, 0700));
  const UniqueFd folder(open(options.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return ErrnoStatus(errno, Cat("cannot open ", options.folder));
  auto state = std::make_unique<BrokerState>(options.max_usd, options.max_tokens);
  const SocketLimits limits = {kReadTimeout, LongestCall(options.sets), kMaxHeadBytes};
  state->resolve = std::move(options.resolve);
  state->http = NewHttpClient(options.ca_file);
  for (auto& [name, set] : options.sets) {
    auto in_use = std::make_unique<SetInUse>(std::move(set));
    for (const auto& [model, text] : in_use->set.prices) {
      ASSIGN_OR_RETURN(in_use->prices[model], ParsePrices(text));
    }
    state->sets[name] = std::move(in_use);
  }
  ListenerOptions listening;
  // By way of the descriptor, since the kernel takes no path of more than 107 bytes.
  listening.unix_path = Cat("/proc/self/fd/", folder.get(), "/socket");
  listening.max_connections = kMaxConnections;
  listening.busy_answer = kBusy;
  std::unique_ptr<Broker> broker(new Broker(options.folder + "/socket", std::move(state)));
  ASSIGN_OR_RETURN(
      broker->listener_,
      Listener::Start(
          std::move(listening),
          [state = broker->state_.get(), limits](const Listener& listener) -> Listener::Serve {
            return [state, limits, &listener](UniqueFd fd, const std::string&) {
              TimedSocket socket(std::move(fd), listener.stop_fd(), limits);
              ServeFromInside(*state, socket, listener.stop_fd());
            };
          }));
  return broker;
}

Broker::Broker(std::string socket, std::unique_ptr<BrokerState> state)
    : socket_(std::move(socket)), state_(std::move(state)) {}

Broker::~Broker() {
  state_->stop.request_stop();
  if (listener_) listener_->Stop();
}

std::vector<std::pair<std::string, std::string>> Broker::Environment() const {
  const std::string inside = Cat("http://127.0.0.1:", kForwarderPort);
  std::map<std::string, std::string> env;
  for (const auto& [name, in_use] : state_->sets) {
    const EgressSet& set = in_use->set;
    if (set.kind == "packages") {
      for (const char* variable : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
                                   "npm_config_proxy", "npm_config_https_proxy"})
        env[variable] = inside;
      env["NO_PROXY"] = env["no_proxy"] = "127.0.0.1,localhost,::1";
      env["NODE_USE_ENV_PROXY"] = "1";
    } else {
      env[ModelUrlVariable(name)] = Cat(inside, "/", name);
    }
    for (const auto& [variable, value] : set.env) {
      std::string text = value;
      constexpr std::string_view kUrl = "{url}";
      if (const std::size_t at = text.find(kUrl); at != std::string::npos)
        text.replace(at, kUrl.size(), Cat(inside, "/", name));
      env[variable] = std::move(text);
    }
  }
  return {env.begin(), env.end()};
}

ModelUsage Broker::Usage() const {
  return state_->meter.Total();
}

std::string Broker::TakeNotes() {
  return state_->notes.Take();
}

}  // namespace regreen
