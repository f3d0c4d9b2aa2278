// Codex, as `codex exec --json` prints it. Source: what 0.169.0 prints (tests/fixtures/agents).
#pragma once

#include <string>

#include "adapters/agent/stream.h"

namespace regreen {

class CodexStream final : public AgentStream {
 public:
  explicit CodexStream(std::string prompt) : prompt_(std::move(prompt)) {}
  void Begin(ExecInput& input) override;

 private:
  void Read(const Json& line, ExecInput& input) override;
  void ReadItem(const Json& item, bool completed);
  void ReadUsage(const Json& usage);

  std::string prompt_;
};

}  // namespace regreen
