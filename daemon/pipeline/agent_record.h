// What is kept of one round of an agent: its events, for programs, and the same for people.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "daemon/base/capped_text.h"
#include "daemon/base/status.h"
#include "daemon/domain/agent_event.h"
#include "daemon/domain/brief.h"
#include "daemon/pipeline/repair_log.h"

namespace regreen {

// Kept every few seconds while it goes on, so that a person can follow it.
class AgentRecord {
 public:
  static constexpr std::size_t kMostBytes = 1 << 20;  // of each; the middle is left out

  // `label` names the rung; rounds from 1.
  AgentRecord(RepairLog& log, std::string label, int round);
  // What the agent is told.
  Status KeepPrompt(const Brief& brief);
  void Take(const AgentEvent& event);
  // As it stands now. The first error of a write is told here.
  Status Keep();

 private:
  RepairLog& log_;
  const std::string label_;
  const int round_;
  CappedText text_{kMostBytes}, events_{kMostBytes};
  absl::Time kept_;
  Status status_;
};

// Of the k-th round of an agent's rung, from 1: "agent-x-1.jsonl", "prompt-x-1.md".
std::string AgentEventsName(const std::string& label, int round);
std::string PromptName(const std::string& label, int round);

}  // namespace regreen
