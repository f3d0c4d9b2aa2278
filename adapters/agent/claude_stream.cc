#include "adapters/agent/claude_stream.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostEdits = 1000;

std::int64_t Number(const Json& json, const char* name) {
  return std::max<std::int64_t>(0, json[name].IntOr(0));
}

// A text, or a list of parts with texts.
std::string Content(const Json& content) {
  if (content.IsString()) return TextOf(content);
  std::string text;
  for (const Json& part : content.Elements()) {
    if (text.size() < kMostEventText) Append(text, text.empty() ? "" : "\n", TextOf(part["text"]));
  }
  return text;
}

ModelUsage UsageOf(const Json& usage) {
  ModelUsage out;
  out.input_tokens = Number(usage, "input_tokens");
  out.cache_read_tokens = Number(usage, "cache_read_input_tokens");
  out.cache_write_tokens = Number(usage, "cache_creation_input_tokens");
  out.output_tokens = Number(usage, "output_tokens");
  return out;
}

ModelUsage Sum(const ModelUsage& a, const ModelUsage& b) {
  ModelUsage out = a;
  out.input_tokens += b.input_tokens;
  out.cache_read_tokens += b.cache_read_tokens;
  out.cache_write_tokens += b.cache_write_tokens;
  out.output_tokens += b.output_tokens;
  return out;
}

}  // namespace

void ClaudeStream::Begin(ExecInput& input) {
  input.Write(prompt_);
  input.Close();
}

void ClaudeStream::Read(const Json& line, ExecInput&) {
  const std::string type = line["type"].StringOr("");
  if (type == "system") return ReadSystem(line);
  if (type == "assistant") return ReadAssistant(line);
  if (type == "user") return ReadUser(line);
  if (type == "result") return ReadResult(line);
}

void ClaudeStream::ReadSystem(const Json& line) {
  const std::string subtype = line["subtype"].StringOr("");
  if (subtype == "init") {
    AgentEvent event;
    event.kind = AgentEvent::Kind::kStarted;
    event.text =
        Cat("Claude Code ", TextOf(line["claude_code_version"]), ", model ", TextOf(line["model"]));
    Emit(std::move(event));
  } else if (subtype == "api_retry") {
    const std::int64_t status = Number(line, "error_status");
    Error(Cat("its model answered with an error (", TextOf(line["error"]),
              status > 0 ? Cat(", ", status) : "", "); it asks again, ", Number(line, "attempt"),
              " of ", Number(line, "max_retries")));
  } else if (subtype == "permission_denied") {
    AgentEvent event;
    event.kind = AgentEvent::Kind::kPermission;
    event.text = TextOf(line["tool_name"]);
    event.failed = true;
    Emit(std::move(event));
  }
}

// The usage of a message may be told several times, with figures that grow.
void ClaudeStream::Count(const Json& message) {
  const Json usage = message["usage"];
  if (!usage.IsObject()) return;
  if (const std::string id = message["id"].StringOr(""); id != message_id_) {
    message_id_ = id;
    before_ = Sum(before_, current_);
    current_ = {};
  }
  const ModelUsage told = UsageOf(usage);
  current_.input_tokens = std::max(current_.input_tokens, told.input_tokens);
  current_.cache_read_tokens = std::max(current_.cache_read_tokens, told.cache_read_tokens);
  current_.cache_write_tokens = std::max(current_.cache_write_tokens, told.cache_write_tokens);
  current_.output_tokens = std::max(current_.output_tokens, told.output_tokens);
  Used(Sum(before_, current_));
}

void ClaudeStream::ReadAssistant(const Json& line) {
  const Json message = line["message"];
  for (const Json& part : message["content"].Elements()) {
    const std::string type = part["type"].StringOr("");
    if (type == "text") Message(TextOf(part["text"]));
    if (type != "tool_use") continue;
    const Json input = part["input"];
    std::string call = part["id"].StringOr("");
    std::string path = TextOf(input["file_path"]);
    const std::string tool = part["name"].StringOr("");
    const bool edits = tool == "Edit" || tool == "Write" || tool == "MultiEdit";
    if (edits && !path.empty() && edits_.size() < kMostEdits) edits_[call] = std::move(path);
    ToolCall(tool, std::move(call), input.Serialize());
  }
  Count(message);
}

void ClaudeStream::ReadUser(const Json& line) {
  for (const Json& part : line["message"]["content"].Elements()) {
    if (part["type"].StringOr("") != "tool_result") continue;
    const std::string call = part["tool_use_id"].StringOr("");
    const bool failed = part["is_error"].BoolOr(false);
    ToolResult(call, Content(part["content"]), failed);
    const auto edit = edits_.find(call);
    if (edit == edits_.end()) continue;
    if (!failed) FileChange(edit->second);
    edits_.erase(edit);
  }
}

void ClaudeStream::ReadResult(const Json& line) {
  ModelUsage usage = UsageOf(line["usage"]);
  const auto usd = line["total_cost_usd"].Number();
  if (usd.ok()) usage.usd = std::max(0.0, *usd);
  Used(usage);
  const std::string subtype = line["subtype"].StringOr("");
  std::string words = TextOf(line["result"]);
  if (words.empty()) words = Join(line["errors"].Strings(), "; ");
  if (subtype == "error_max_turns" || subtype == "error_max_budget_usd")
    return EndWith(AgentClaim::kOverBudget, words.empty() ? subtype : words);
  if (line["is_error"].BoolOr(subtype != "success")) {
    return EndWith(ClaimOfError(Number(line, "api_error_status"), words),
                   words.empty() ? subtype : words);
  }
  if (line["stop_reason"].StringOr("") == "refusal") return EndWith(AgentClaim::kDeclined, words);
  if (!words.empty() && last_message().empty()) Message(words);
  EndWith(AgentClaim::kFinished, words);
}

}  // namespace regreen
