#include "adapters/agent/stream.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostWords = 300;
constexpr std::string_view kGaveUp = "regreen: gave up:";

bool HoldsAny(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != std::string::npos; });
}

// "… status 403 …", "Error: 429 …": three digits by themselves that are an error's status.
std::int64_t StatusIn(std::string_view text) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  for (std::size_t i = 0; i + 3 <= text.size(); ++i) {
    if ((i > 0 && digit(i - 1)) || !digit(i) || !digit(i + 1) || !digit(i + 2) || digit(i + 3))
      continue;
    std::int64_t status = 0;
    if (ParseInt64(text.substr(i, 3), &status) && status >= 400 && status < 600) return status;
  }
  return 0;
}

}  // namespace

void AgentStream::Feed(std::string_view bytes, ExecInput& input) {
  lines_.Feed(bytes, [&](std::string_view line) { Line(line, input); });
}

void AgentStream::Finish(ExecInput& input) {
  lines_.End([&](std::string_view line) { Line(line, input); });
  if (odd_lines_ > 0) Error(Cat(odd_lines_, " lines of it were no JSON objects"));
  if (lines_.left_out() > 0)
    Error(Cat(lines_.left_out(), " lines of it were longer than ", kMostLine >> 20, " MiB"));
  if (late_lines_ > 0) Error(Cat(late_lines_, " lines came after its end"));
}

void AgentStream::Line(std::string_view line, ExecInput& input) {
  line = Trim(line);
  if (line.empty()) return;
  if (end_) {
    ++late_lines_;
    return;
  }
  if (line.front() == '{') {
    if (const auto json = Json::Parse(line); json.ok()) return Read(*json, input);
  } else if (ReadText(line, input)) {
    return;
  }
  ++odd_lines_;
}

void AgentStream::Emit(AgentEvent event) {
  if (++emitted_ > kMostEvents && event.kind != AgentEvent::Kind::kEnd) return;
  event.text = Truncate(event.text, kMostEventText);
  event.arguments = Truncate(event.arguments, kMostEventText);
  event.tool = Truncate(event.tool, kMostWords);
  event.call = Truncate(event.call, kMostWords);
  events_.push_back(std::move(event));
}

void AgentStream::Message(std::string_view text) {
  if (Trim(text).empty()) return;
  last_message_ = text.substr(text.size() - std::min(text.size(), kMostEventText));
  AgentEvent event;
  event.kind = AgentEvent::Kind::kMessage;
  event.text = text;
  Emit(std::move(event));
}

void AgentStream::ToolCall(std::string tool, std::string call, std::string arguments) {
  ++tool_calls_;
  AgentEvent event;
  event.kind = AgentEvent::Kind::kToolCall;
  event.tool = std::move(tool);
  event.call = std::move(call);
  event.arguments = std::move(arguments);
  Emit(std::move(event));
}

void AgentStream::ToolResult(std::string call, std::string text, bool failed) {
  AgentEvent event;
  event.kind = AgentEvent::Kind::kToolResult;
  event.call = std::move(call);
  event.text = std::move(text);
  event.failed = failed;
  Emit(std::move(event));
}

void AgentStream::FileChange(std::string_view path) {
  if (path.empty()) return;
  AgentEvent event;
  event.kind = AgentEvent::Kind::kFileChange;
  event.text = path;
  Emit(std::move(event));
}

void AgentStream::Error(std::string_view text) {
  AgentEvent event;
  event.kind = AgentEvent::Kind::kError;
  event.text = text;
  Emit(std::move(event));
}

void AgentStream::Used(const ModelUsage& usage) {
  usage_ = usage;
  AgentEvent event;
  event.kind = AgentEvent::Kind::kUsed;
  event.usage = usage;
  Emit(std::move(event));
}

void AgentStream::EndWith(AgentClaim claim, std::string_view words) {
  if (end_) return;
  end_ = End{claim, EscapeControl(Truncate(Trim(words), kMostWords))};
  if (claim == AgentClaim::kFinished) {
    if (auto why = WhyGaveUp(last_message_)) end_ = End{AgentClaim::kGaveUp, *std::move(why)};
  }
  AgentEvent event;
  event.kind = AgentEvent::Kind::kEnd;
  event.claim = end_->claim;
  event.text = end_->words;
  Emit(std::move(event));
}

std::optional<std::string> WhyGaveUp(std::string_view text) {
  const std::vector<std::string_view> lines = SplitLines(Trim(text));
  if (lines.empty()) return std::nullopt;
  const std::string_view last = Trim(lines.back());
  if (!last.starts_with(kGaveUp)) return std::nullopt;
  return EscapeControl(Truncate(Trim(last.substr(kGaveUp.size())), kMostWords));
}

AgentClaim ClaimOfError(std::int64_t status, std::string_view text) {
  const std::string words = Lower(text);
  if (status == 0) status = StatusIn(words);
  if (status == 401 || status == 403 || HoldsAny(words, {"authenticat", "unauthorized", "api key"}))
    return AgentClaim::kUnauthorized;
  if (status == 408 || status == 409 || status == 429 || status >= 500 ||
      HoldsAny(words, {"disconnected", "high demand", "network", "connection", "econn", "timed out",
                       "timeout", "overloaded", "empty or malformed response", "fetch failed",
                       "error sending request"}))
    return AgentClaim::kUnreachable;
  return AgentClaim::kFailed;
}

std::string TextOf(const Json& json) {
  const auto text = json.String();
  return text.ok() ? Truncate(*text, kMostEventText) : std::string();
}

}  // namespace regreen
