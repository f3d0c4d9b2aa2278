// What is kept of one round of an agent: its events, for programs, and the same for people.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/agent_event.h"
#include "daemon/domain/brief.h"
#include "daemon/pipeline/growing_text.h"
#include "daemon/pipeline/repair_log.h"

namespace regreen {

// Both grow while it goes on, so that a person can follow it: what is new is written soon by a
// thread of the record's own, and never what was written before.
class AgentRecord {
 public:
  static constexpr std::size_t kMostBytes = 1 << 20;  // of each; the middle is left out
  static constexpr absl::Duration kSoon = absl::Milliseconds(300);  // between two writes

  // `label` names the rung; rounds from 1. `log` outlives it.
  AgentRecord(RepairLog& log, std::string label, int round);
  AgentRecord(const AgentRecord&) = delete;
  AgentRecord& operator=(const AgentRecord&) = delete;
  // Begins with what the agent is told, and forgets what an earlier try of the round left.
  Status Begin(const Brief& brief);
  void Take(const AgentEvent& event);
  // The rest of it, when nothing more comes. The first error of a write is told here.
  Status End();

 private:
  void WriteOn(const std::stop_token& stop);
  Status Write(std::string_view text, std::string_view events);

  RepairLog& log_;
  const std::string text_name_, events_name_, prompt_name_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  GrowingText text_{kMostBytes}, events_{kMostBytes};  // by mutex_
  Status status_;                                      // the thread's, until it has ended
  std::jthread writer_;                                // the last member: the first to end
};

// Of the k-th round of an agent's rung, from 1: "agent-x-1.jsonl", "prompt-x-1.md".
std::string AgentEventsName(const std::string& label, int round);
std::string PromptName(const std::string& label, int round);

}  // namespace regreen
