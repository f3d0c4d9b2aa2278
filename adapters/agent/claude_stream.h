// Claude Code, as `claude -p --output-format stream-json --verbose` prints it. Source: what 2.1.330
// prints (tests/fixtures/agents), and the types of its Agent SDK.
#pragma once

#include <map>
#include <string>

#include "adapters/agent/stream.h"

namespace regreen {

class ClaudeStream final : public AgentStream {
 public:
  explicit ClaudeStream(std::string prompt) : prompt_(std::move(prompt)) {}
  void Begin(ExecInput& input) override;

 private:
  void Read(const Json& line, ExecInput& input) override;
  void ReadSystem(const Json& line);
  void ReadAssistant(const Json& line);
  void ReadUser(const Json& line);
  void ReadResult(const Json& line);
  void Count(const Json& message);

  std::string prompt_;
  std::map<std::string, std::string> edits_;  // path, by the call that is to change it
  ModelUsage before_, current_;               // of the messages before the last one, and of it
  std::string message_id_;
};

}  // namespace regreen
