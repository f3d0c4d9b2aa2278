// What coding agents do, in one language, whichever program it is that tells it. Pure. Every text
// comes out of a workspace: untrusted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/base/json.h"
#include "daemon/domain/usage.h"

namespace regreen {

// How a round of an agent ended, by what was seen of it. It says nothing of what was repaired.
enum class AgentClaim {
  kFinished,      // it changed what it wanted to
  kGaveUp,        // it says that it cannot be done
  kDeclined,      // its model does not want to answer
  kTimedOut,      // it was at work for as long as it may, and was ended
  kSilent,        // it told nothing for as long as it may, and was ended
  kOverBudget,    // it spent what it may: money, tokens, turns
  kUnreachable,   // its model is away, overloaded, or broke off
  kUnauthorized,  // its model does not take the key
  kCrashed,       // it ended without a word of how
  kFailed,        // it could not work otherwise: its program is missing or too old
  kStopped,       // its task was cancelled or taken over, or the daemon ended
};
std::string_view ToString(AgentClaim claim);  // "over-budget"

struct AgentEvent {
  enum class Kind {
    kStarted,     // text: the program, its version, its model
    kMessage,     // text: what it says
    kToolCall,    // tool, call, arguments
    kToolResult,  // call, text, failed
    kFileChange,  // text: the path that it says it changed
    kPermission,  // text: what it asked for; failed: it was not allowed
    kUsed,        // usage: of the whole round so far, by its own count
    kError,       // text
    kOutput,      // text: printed as it is, of a program that tells no events
    kEnd,         // text: its words, or ours about it; claim
  };
  Kind kind = Kind::kOutput;
  std::string text;
  std::string tool, call;  // a name, and what ties a result to its call
  std::string arguments;   // JSON, or a command
  bool failed = false;
  ModelUsage usage;
  AgentClaim claim = AgentClaim::kFinished;
};
std::string_view ToString(AgentEvent::Kind kind);  // "tool-call"

// Each text of an event is cut to this; what was longer ends with `…`.
inline constexpr std::size_t kMostEventText = 16 << 10;

void WriteJson(const AgentEvent& event, JsonWriter& out);  // an object
// For people, lines that end with a line break; "" for what is not worth one. Not escaped.
std::string EventText(const AgentEvent& event);

}  // namespace regreen
