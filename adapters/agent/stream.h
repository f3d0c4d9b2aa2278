// What a coding agent prints, read as events; and what is said to it. No I/O: bytes in, events out.
// A file for each program's language. Everything that comes in is hostile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/base/line_cutter.h"
#include "daemon/domain/agent_event.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// One round. All of these programs print one JSON object a line.
class AgentStream {
 public:
  static constexpr std::size_t kMostLine = 4 << 20;
  static constexpr int kMostEvents = 20'000;  // of one round; what comes after is not told

  virtual ~AgentStream() = default;
  // What the program is told when it has started.
  virtual void Begin(ExecInput& input) = 0;
  // A piece of its standard output, of any size.
  void Feed(std::string_view bytes, ExecInput& input);
  // There is no more.
  void Finish(ExecInput& input);

  // What was seen since it was asked last. The end is among them, once.
  std::vector<AgentEvent> TakeEvents() { return std::exchange(events_, {}); }
  // How the program says that it ended; nullopt when it did not, or not yet.
  struct End {
    AgentClaim claim = AgentClaim::kFinished;
    std::string words;
  };
  const std::optional<End>& end() const { return end_; }
  // Whether the program stays after its end, so that it has to be ended.
  virtual bool stays() const { return false; }
  const ModelUsage& usage() const { return usage_; }  // by its own count
  int tool_calls() const { return tool_calls_; }

 protected:
  // A line that is a JSON object.
  virtual void Read(const Json& line, ExecInput& input) = 0;
  // Any other. Says whether it means something.
  virtual bool ReadText(std::string_view, ExecInput&) { return false; }

  void Emit(AgentEvent event);
  void Message(std::string_view text);
  void ToolCall(std::string tool, std::string call, std::string arguments);
  void ToolResult(std::string call, std::string text, bool failed);
  void FileChange(std::string_view path);
  void Error(std::string_view text);
  // Its own count of the whole round so far.
  void Used(const ModelUsage& usage);
  // The first counts. A finished round whose last message says so has given up.
  void EndWith(AgentClaim claim, std::string_view words);
  const std::string& last_message() const { return last_message_; }

 private:
  void Line(std::string_view line, ExecInput& input);

  LineCutter lines_{kMostLine};
  std::vector<AgentEvent> events_;
  std::optional<End> end_;
  ModelUsage usage_;
  std::string last_message_;
  int tool_calls_ = 0, emitted_ = 0;
  std::int64_t odd_lines_ = 0, late_lines_ = 0;
};

// Its reason, when the last line of a text says that it gave up: "regreen: gave up: why".
std::optional<std::string> WhyGaveUp(std::string_view text);
// What an error of a model's API means, by its status when it is known (0: not) and its text.
AgentClaim ClaimOfError(std::int64_t status, std::string_view text);
// A string member, cut to what an event may hold.
std::string TextOf(const Json& json);

}  // namespace regreen
