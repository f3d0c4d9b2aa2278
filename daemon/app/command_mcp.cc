// Standard input and output for the tools of daemon/service/mcp.h.
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "daemon/app/api_client.h"
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/base/text.h"
#include "daemon/service/mcp.h"

namespace regreen {
namespace {

constexpr std::size_t kChunk = 64 << 10;

// A message that is too long is passed over to its end, and said to be.
void ReadMessages(McpSession& session) {
  std::string line(0, '\0'), chunk(kChunk, '\0');
  bool too_long = false;
  for (;;) {
    const ssize_t n = read(STDIN_FILENO, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    std::string_view rest(chunk.data(), static_cast<std::size_t>(n));
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (!too_long) line += rest.substr(0, end);
      if (line.size() > kMostMcpBytes) {
        too_long = true;
        std::string().swap(line);
      }
      if (end == std::string_view::npos) break;
      too_long ? session.TakeTooLong() : session.Take(line);
      line.clear();
      too_long = false;
      rest.remove_prefix(end + 1);
    }
  }
}

Status Serve(const McpArguments& arguments) {
  ASSIGN_OR_RETURN(const ApiClient api, ApiClient::Create(arguments.server));
  McpOptions options;
  options.version = REGREEN_VERSION;
  options.ask = [&api](const ApiRequest& request, std::stop_token stop) {
    return api.Ask(request.method, request.path, request.body, request.headers, std::move(stop));
  };
  options.send = [](std::string_view line) { PrintOut(Cat(line, "\n")); };
  McpSession session(std::move(options));
  std::thread calls([&session] {
    while (session.RunOne()) {
    }
  });
  ReadMessages(session);
  session.End();
  calls.join();
  return OkStatus();
}

}  // namespace

int Mcp(const McpArguments& arguments) {
  LogWarningsOnly();
  const Status served = Serve(arguments);
  return served.ok() ? kDone : Complain(served);
}

}  // namespace regreen
