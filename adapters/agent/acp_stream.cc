#include "adapters/agent/acp_stream.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::int64_t kProtocol = 1;
constexpr std::int64_t kNoSuchMethod = -32601, kAuthenticationRequired = -32000;
constexpr std::size_t kMostCalls = 10'000, kMostSaid = 256 << 10;

// Up to its parameters, which the caller writes and ends.
void BeginRequest(JsonWriter& out, int id, const char* method) {
  out.BeginObject().Field("jsonrpc", "2.0").Field("id", id).Field("method", method);
  out.Key("params").BeginObject();
}

void Send(JsonWriter& out, ExecInput& input) {
  out.EndObject().EndObject();
  input.Write(Cat(out.Take(), "\n"));
}

// Of the texts in a tool call's content; diffs are told as changes.
std::string Texts(const Json& content) {
  std::string text;
  for (const Json& part : content.Elements()) {
    const std::string one = TextOf(part["content"]["text"]);
    if (!one.empty() && text.size() < kMostEventText) Append(text, text.empty() ? "" : "\n", one);
  }
  return text;
}

std::int64_t Number(const Json& json, const char* name) {
  return std::max<std::int64_t>(0, json[name].IntOr(0));
}

}  // namespace

bool AcpStream::ReadText(std::string_view line, ExecInput& input) {
  if (spoken_to_ || !line.starts_with(kFolderLine)) return false;
  folder_ = line.substr(kFolderLine.size());
  spoken_to_ = true;
  JsonWriter out;
  BeginRequest(out, static_cast<int>(Step::kInitialize), "initialize");
  out.Field("protocolVersion", kProtocol);
  // It reads and writes the workspace's files itself.
  out.Key("clientCapabilities").BeginObject();
  out.Key("fs").BeginObject().Field("readTextFile", false).Field("writeTextFile", false);
  out.EndObject().Field("terminal", false).EndObject();
  out.Key("clientInfo").BeginObject().Field("name", "regreen").Field("version", "1").EndObject();
  Send(out, input);
  return true;
}

void AcpStream::Read(const Json& line, ExecInput& input) {
  if (!spoken_to_) return Error("it speaks before it was spoken to");
  const bool has_id = line["id"].IsInt() || line["id"].IsString();
  const std::string method = line["method"].StringOr("");
  if (method.empty()) {
    if (line["id"].IntOr(0) == static_cast<int>(step_)) ReadAnswer(line, input);
  } else if (has_id) {
    Answer(line, input);
  } else if (method == "session/update") {
    ReadUpdate(line["params"]["update"]);
  }
}

void AcpStream::ReadAnswer(const Json& line, ExecInput& input) {
  if (line["error"].IsObject()) {
    Fail(line["error"]);
    return input.Close();
  }
  const Json result = line["result"];
  switch (step_) {
    case Step::kInitialize: {
      if (const std::int64_t version = result["protocolVersion"].IntOr(0); version != kProtocol) {
        EndWith(AgentClaim::kFailed,
                Cat("it speaks version ", version, " of the Agent Client Protocol, and version ",
                    kProtocol, " is known here"));
        return input.Close();
      }
      AgentEvent event;
      event.kind = AgentEvent::Kind::kStarted;
      const Json info = result["agentInfo"];
      event.text = Cat(TextOf(info["name"]), " ", TextOf(info["version"]));
      Emit(std::move(event));
      return NewSession(input);
    }
    case Step::kNewSession: {
      session_ = result["sessionId"].StringOr("");
      if (session_.empty()) {
        EndWith(AgentClaim::kFailed, "it made a session without a name");
        return input.Close();
      }
      return model_.empty() ? Prompt(input) : SetModel(result, input);
    }
    case Step::kSetModel:
      return Prompt(input);
    case Step::kPrompt:
      ReadStop(result);
      return input.Close();
  }
}

void AcpStream::NewSession(ExecInput& input) {
  step_ = Step::kNewSession;
  JsonWriter out;
  BeginRequest(out, static_cast<int>(step_), "session/new");
  out.Field("cwd", folder_).Key("mcpServers").BeginArray().EndArray();
  Send(out, input);
}

// Agents of before the session's options have a method of its own for it.
void AcpStream::SetModel(const Json& session, ExecInput& input) {
  step_ = Step::kSetModel;
  bool option = false;
  for (const Json& each : session["configOptions"].Elements())
    option = option || each["id"].StringOr("") == "model";
  JsonWriter out;
  BeginRequest(out, static_cast<int>(step_),
               option ? "session/set_config_option" : "session/set_model");
  out.Field("sessionId", session_);
  if (option) {
    out.Field("configId", "model").Field("value", model_);
  } else {
    out.Field("modelId", model_);
  }
  Send(out, input);
}

void AcpStream::Prompt(ExecInput& input) {
  step_ = Step::kPrompt;
  JsonWriter out;
  BeginRequest(out, static_cast<int>(step_), "session/prompt");
  out.Field("sessionId", session_).Key("prompt").BeginArray();
  out.BeginObject().Field("type", "text").Field("text", prompt_).EndObject().EndArray();
  Send(out, input);
}

void AcpStream::Fail(const Json& error) {
  Tell();
  std::string words = TextOf(error["message"]);
  const std::string more = error["data"].IsNull() ? "" : error["data"].Serialize();
  if (!more.empty()) Append(words, words.empty() ? "" : ": ", Truncate(more, kMostEventText));
  const bool unknown = error["code"].IntOr(0) == kAuthenticationRequired;
  EndWith(unknown ? AgentClaim::kUnauthorized : ClaimOfError(0, words),
          words.empty() ? "it gives no reason" : words);
}

void AcpStream::ReadStop(const Json& result) {
  Tell();
  const Json used = result["usage"];
  if (used.IsObject()) {
    ModelUsage now = usage();
    now.cache_read_tokens = Number(used, "cachedReadTokens");
    now.cache_write_tokens = Number(used, "cachedWriteTokens");
    now.input_tokens = Number(used, "inputTokens");
    now.output_tokens = Number(used, "outputTokens");
    Used(now);
  }
  const std::string reason = result["stopReason"].StringOr("");
  if (reason == "end_turn") return EndWith(AgentClaim::kFinished, last_message());
  if (reason == "refusal") return EndWith(AgentClaim::kDeclined, last_message());
  if (reason == "max_tokens" || reason == "max_turn_requests")
    return EndWith(AgentClaim::kOverBudget, Cat("it stopped at a limit of its own: ", reason));
  EndWith(AgentClaim::kCrashed,
          reason.empty() ? "it stopped without a reason" : Cat("it stopped by itself: ", reason));
}

void AcpStream::Answer(const Json& request, ExecInput& input) {
  if (request["method"].StringOr("") == "session/request_permission")
    return AllowOrNot(request, input);
  JsonWriter out;
  out.BeginObject().Field("jsonrpc", "2.0").Key("id").Value(request["id"]).Key("error");
  out.BeginObject().Field("code", kNoSuchMethod).Field("message", "this client has no such method");
  Send(out, input);
}

// Everything is allowed that is asked: the workspace is what holds it. Once, not for ever.
void AcpStream::AllowOrNot(const Json& request, ExecInput& input) {
  Tell();
  const Json params = request["params"];
  std::string chosen;
  for (const char* kind : {"allow_once", "allow_always"}) {
    for (const Json& option : params["options"].Elements()) {
      if (chosen.empty() && option["kind"].StringOr("") == kind)
        chosen = option["optionId"].StringOr("");
    }
  }
  AgentEvent event;
  event.kind = AgentEvent::Kind::kPermission;
  event.text = TextOf(params["toolCall"]["title"]);
  event.failed = chosen.empty();
  Emit(std::move(event));
  JsonWriter out;
  out.BeginObject().Field("jsonrpc", "2.0").Key("id").Value(request["id"]).Key("result");
  out.BeginObject().Key("outcome").BeginObject();
  out.Field("outcome", chosen.empty() ? "cancelled" : "selected");
  if (!chosen.empty()) out.Field("optionId", chosen);
  out.EndObject();
  Send(out, input);
}

void AcpStream::ReadUpdate(const Json& update) {
  const std::string kind = update["sessionUpdate"].StringOr("");
  if (kind == "agent_message_chunk") {
    if (said_.size() < kMostSaid) said_ += TextOf(update["content"]["text"]);
    return;
  }
  if (kind == "tool_call" || kind == "tool_call_update") return ReadToolCall(update);
  if (kind != "usage_update") return;
  ModelUsage now = usage();
  const auto usd = update["cost"]["amount"].Number();
  if (usd.ok() && update["cost"]["currency"].StringOr("USD") == "USD")
    now.usd = std::max(now.usd, *usd);
  Used(now);
}

void AcpStream::ReadToolCall(const Json& update) {
  Tell();
  const std::string id = TextOf(update["toolCallId"]);
  const std::string status = update["status"].StringOr("");
  if (!calls_.contains(id) && calls_.size() >= kMostCalls) return;
  Call& call = calls_[id];
  if (call.title.empty()) call.title = TextOf(update["title"]);
  // While it is pending, what is to be done may not be known yet.
  if (status == "pending") return;
  if (!std::exchange(call.told, true)) {
    const std::string kind = TextOf(update["kind"]);
    ToolCall(call.title.empty() ? kind : call.title, id,
             update["rawInput"].IsNull() ? "" : update["rawInput"].Serialize());
  }
  if ((status != "completed" && status != "failed") || std::exchange(call.ended, true)) return;
  std::string text = Texts(update["content"]);
  if (text.empty() && !update["rawOutput"].IsNull()) text = update["rawOutput"].Serialize();
  ToolResult(id, std::move(text), status == "failed");
  if (status == "failed") return;
  for (const Json& part : update["content"].Elements()) {
    if (part["type"].StringOr("") == "diff") FileChange(TextOf(part["path"]));
  }
}

void AcpStream::Tell() {
  Message(said_);
  said_.clear();
}

}  // namespace regreen
