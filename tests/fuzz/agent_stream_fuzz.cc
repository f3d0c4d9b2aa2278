// Whatever an agent prints, in whatever pieces, ends in events within their caps, the same ones.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/agent/acp_stream.h"
#include "adapters/agent/claude_stream.h"
#include "adapters/agent/codex_stream.h"

namespace {

using namespace regreen;

struct Deaf final : ExecInput {
  void Write(std::string_view) override {}
  void Close() override {}
};

std::unique_ptr<AgentStream> NewStream(int kind) {
  if (kind == 0) return std::make_unique<ClaudeStream>("x");
  if (kind == 1) return std::make_unique<CodexStream>("x");
  return std::make_unique<AcpStream>("x", "");
}

std::string Read(int kind, std::string_view bytes, std::size_t piece) {
  const auto stream = NewStream(kind);
  Deaf input;
  stream->Begin(input);
  if (kind == 2) stream->Feed("regreen: works in /work\n", input);
  std::string told;
  const auto take = [&] {
    for (const AgentEvent& event : stream->TakeEvents()) {
      if (event.text.size() > kMostEventText || event.arguments.size() > kMostEventText)
        std::abort();
      JsonWriter out;
      WriteJson(event, out);
      told += out.Take();
    }
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    stream->Feed(bytes.substr(0, piece), input);
    take();
  }
  stream->Finish(input);
  take();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const int kind : {0, 1, 2}) {
    if (Read(kind, text, 7) != Read(kind, text, 4096)) std::abort();
  }
  return 0;
}
