// Claude Code. Sources: its command line reference and its settings' variables; each was tried with
// 2.1.330.
#include <utility>

#include "adapters/agent/claude_stream.h"
#include "adapters/agent/kinds.h"
#include "adapters/agent/program.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class ClaudeProgram final : public AgentProgram {
 public:
  explicit ClaudeProgram(AgentOptions options) : options_(std::move(options)) {}

  std::vector<std::pair<std::string, std::string>> Environment() const override {
    std::vector<std::pair<std::string, std::string>> env = {
        {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
        {"DISABLE_AUTOUPDATER", "1"},
        {"DISABLE_TELEMETRY", "1"},
        {"DISABLE_ERROR_REPORTING", "1"},
        // Its own default goes on for minutes, also where nothing can change.
        {"CLAUDE_CODE_MAX_RETRIES", "2"},
        // Else it refuses to work without asking where it takes itself for root.
        {"IS_SANDBOX", "1"},
    };
    if (options_.network.empty()) return env;
    env.emplace_back("ANTHROPIC_BASE_URL", "{url}");
    // It wants one; the broker puts the real one in its place.
    env.emplace_back("ANTHROPIC_API_KEY", "added-outside");
    return env;
  }

  std::string Command(const Brief& brief) const override {
    // The workspace is what holds it, so that it need not ask. What it could fetch by way of its
    // model's provider would leave the workspace.
    std::string command =
        Cat("exec ", ShellQuoted(options_.command),
            " -p --output-format stream-json --verbose --permission-mode bypassPermissions"
            " --strict-mcp-config --disallowedTools WebFetch,WebSearch");
    if (!options_.model.empty()) Append(command, " --model ", ShellQuoted(options_.model));
    if (options_.max_turns > 0) Append(command, " --max-turns ", options_.max_turns);
    if (brief.max_usd > 0) Append(command, " --max-budget-usd ", brief.max_usd);
    for (const std::string& argument : options_.args)
      Append(command, " ", ShellTextWithUrl(argument, options_.network));
    return command;
  }

  std::unique_ptr<AgentStream> Stream(std::string prompt) const override {
    return std::make_unique<ClaudeStream>(std::move(prompt));
  }

 private:
  const AgentOptions options_;
};

}  // namespace

StatusOr<std::unique_ptr<Agent>> NewClaudeAgent(const AgentOptions& options) {
  AgentOptions own = options;
  if (own.command.empty()) own.command = "claude";
  RETURN_IF_ERROR(CheckProgramOptions(own));
  return NewProgramAgent(own, std::make_unique<ClaudeProgram>(own));
}

}  // namespace regreen
