#include "adapters/agent/codex_stream.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

std::int64_t Number(const Json& json, const char* name) {
  return std::max<std::int64_t>(0, json[name].IntOr(0));
}

}  // namespace

void CodexStream::Begin(ExecInput& input) {
  input.Write(prompt_);
  input.Close();
}

void CodexStream::Read(const Json& line, ExecInput&) {
  const std::string type = line["type"].StringOr("");
  if (type == "thread.started") {
    AgentEvent event;
    event.kind = AgentEvent::Kind::kStarted;
    event.text = "Codex";
    Emit(std::move(event));
  } else if (type == "item.started" || type == "item.completed") {
    ReadItem(line["item"], type == "item.completed");
  } else if (type == "error") {
    Error(TextOf(line["message"]));
  } else if (type == "turn.completed") {
    ReadUsage(line["usage"]);
    EndWith(AgentClaim::kFinished, last_message());
  } else if (type == "turn.failed") {
    const std::string words = TextOf(line["error"]["message"]);
    EndWith(ClaimOfError(0, words), words.empty() ? "it gives no reason" : words);
  }
}

void CodexStream::ReadItem(const Json& item, bool completed) {
  const std::string type = item["type"].StringOr("");
  const std::string id = item["id"].StringOr("");
  const bool failed = item["status"].StringOr("") == "failed";
  if (type == "command_execution") {
    if (!completed) return ToolCall("shell", id, TextOf(item["command"]));
    return ToolResult(id, TextOf(item["aggregated_output"]),
                      failed || item["exit_code"].IntOr(0) != 0);
  }
  if (type == "mcp_tool_call") {
    if (!completed)
      return ToolCall(Cat(TextOf(item["server"]), ".", TextOf(item["tool"])), id,
                      item["arguments"].Serialize());
    return ToolResult(id, item["result"].Serialize(), failed);
  }
  if (type == "web_search" && !completed) return ToolCall("web_search", id, TextOf(item["query"]));
  if (!completed) return;
  if (type == "agent_message") return Message(TextOf(item["text"]));
  if (type == "error") return Error(TextOf(item["message"]));
  if (type != "file_change" || failed) return;
  for (const Json& change : item["changes"].Elements()) FileChange(TextOf(change["path"]));
}

// Of the whole turn, and there is one.
void CodexStream::ReadUsage(const Json& usage) {
  ModelUsage out;
  out.cache_read_tokens = Number(usage, "cached_input_tokens");
  out.cache_write_tokens = Number(usage, "cache_write_input_tokens");
  out.input_tokens = std::max<std::int64_t>(
      0, Number(usage, "input_tokens") - out.cache_read_tokens - out.cache_write_tokens);
  out.output_tokens = Number(usage, "output_tokens");
  Used(out);
}

}  // namespace regreen
