// A daemon's tasks as tools for an assistant: the Model Context Protocol, revision 2025-11-25 and
// those before it (modelcontextprotocol.io), a JSON-RPC 2.0 message a line. Knows nothing of
// sockets and streams.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/mutex.h"
#include "daemon/base/status.h"
#include "daemon/service/mcp_tools.h"

namespace regreen {

inline constexpr std::size_t kMostMcpBytes = 4 << 20;  // of one message

struct McpOptions {
  std::string version;  // of this program
  // Asks the daemon. On the thread of RunOne().
  std::function<StatusOr<HttpAnswer>(const ApiRequest&, std::stop_token)> ask;
  // Takes one message for the client, without a line break. One call at a time, any thread.
  std::function<void(std::string_view)> send;
};

// One client. Take() from one thread, RunOne() from another, so that a call that waits for the
// daemon stands in the way of neither a ping nor its own cancellation.
class McpSession {
 public:
  explicit McpSession(McpOptions options) : options_(std::move(options)) {}

  // A message of the client, as hostile as it may be. Answers all but calls of tools, which wait
  // for RunOne().
  void Take(std::string_view line);
  // One that was too long to be kept.
  void TakeTooLong();
  // The client says no more: RunOne() makes the calls that wait, and then ends.
  void End();
  // Waits for a call of a tool and makes it; false when there is none left after End().
  bool RunOne();

 private:
  struct Call {
    std::string id;  // as JSON
    std::string tool;
    Json arguments;
    std::stop_source stop;
  };
  void Request(const std::string& id, const std::string& method, const Json& params);
  void Notice(const std::string& method, const Json& params);
  void Initialize(const std::string& id, const Json& params);
  void Enqueue(const std::string& id, const Json& params);
  void Cancel(const std::string& id);
  void Reply(const std::string& id, JsonWriter& result);
  void Fail(const std::string& id, int code, std::string_view message);
  void Send(std::string_view line);

  const McpOptions options_;
  bool initialized_ = false;
  Mutex mutex_;
  CondVar wake_;
  std::deque<Call> waiting_ RG_GUARDED_BY(mutex_);
  std::optional<std::pair<std::string, std::stop_source>> running_ RG_GUARDED_BY(mutex_);
  bool ended_ RG_GUARDED_BY(mutex_) = false;
  Mutex sending_;
};

}  // namespace regreen
