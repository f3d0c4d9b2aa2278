#include "daemon/domain/agent_event.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

using Kind = AgentEvent::Kind;

void WriteUsage(const ModelUsage& usage, JsonWriter& out) {
  out.Key("usage").BeginObject();
  out.Field("input_tokens", usage.input_tokens).Field("output_tokens", usage.output_tokens);
  out.Field("cache_read_tokens", usage.cache_read_tokens)
      .Field("cache_write_tokens", usage.cache_write_tokens)
      .Field("usd", usage.usd)
      .EndObject();
}

std::string Lines(std::string_view begin, std::string_view text) {
  return text.empty() ? "" : Cat(begin, text, text.ends_with('\n') ? "" : "\n");
}

}  // namespace

std::string_view ToString(AgentClaim claim) {
  switch (claim) {
    case AgentClaim::kFinished:
      return "finished";
    case AgentClaim::kGaveUp:
      return "gave-up";
    case AgentClaim::kDeclined:
      return "declined";
    case AgentClaim::kTimedOut:
      return "timed-out";
    case AgentClaim::kSilent:
      return "silent";
    case AgentClaim::kOverBudget:
      return "over-budget";
    case AgentClaim::kUnreachable:
      return "unreachable";
    case AgentClaim::kUnauthorized:
      return "unauthorized";
    case AgentClaim::kCrashed:
      return "crashed";
    case AgentClaim::kStopped:
      return "stopped";
    case AgentClaim::kFailed:
      break;
  }
  return "failed";
}

std::string_view ToString(Kind kind) {
  switch (kind) {
    case Kind::kStarted:
      return "started";
    case Kind::kMessage:
      return "message";
    case Kind::kToolCall:
      return "tool-call";
    case Kind::kToolResult:
      return "tool-result";
    case Kind::kFileChange:
      return "file-change";
    case Kind::kPermission:
      return "permission";
    case Kind::kUsed:
      return "usage";
    case Kind::kError:
      return "error";
    case Kind::kOutput:
      return "output";
    case Kind::kEnd:
      break;
  }
  return "end";
}

void WriteJson(const AgentEvent& event, JsonWriter& out) {
  out.BeginObject().Field("kind", ToString(event.kind));
  if (!event.text.empty()) out.Field("text", event.text);
  if (!event.tool.empty()) out.Field("tool", event.tool);
  if (!event.call.empty()) out.Field("call", event.call);
  if (!event.arguments.empty()) out.Field("arguments", event.arguments);
  if (event.failed) out.Field("failed", true);
  if (event.kind == Kind::kUsed) WriteUsage(event.usage, out);
  if (event.kind == Kind::kEnd) out.Field("claim", ToString(event.claim));
  out.EndObject();
}

std::string EventText(const AgentEvent& event) {
  switch (event.kind) {
    case Kind::kStarted:
      return Lines("started: ", event.text);
    case Kind::kMessage:
    case Kind::kOutput:
      return Lines("", event.text);
    case Kind::kToolCall:
      return Lines("> ", Cat(event.tool, " ", event.arguments));
    case Kind::kToolResult:
      return Lines(event.failed ? "< failed: " : "< ", event.text);
    case Kind::kFileChange:
      return Lines("changed: ", event.text);
    case Kind::kPermission:
      return Lines(event.failed ? "not allowed: " : "allowed: ", event.text);
    case Kind::kError:
      return Lines("error: ", event.text);
    case Kind::kEnd:
      return Lines(Cat("end: ", ToString(event.claim), ": "), event.text);
    case Kind::kUsed:
      break;
  }
  return "";
}

}  // namespace regreen
