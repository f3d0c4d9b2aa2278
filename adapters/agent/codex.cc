// Codex. Sources: its configuration reference; each key was tried with 0.169.0.
#include <utility>

#include "adapters/agent/codex_stream.h"
#include "adapters/agent/kinds.h"
#include "adapters/agent/program.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class CodexProgram final : public AgentProgram {
 public:
  explicit CodexProgram(AgentOptions options) : options_(std::move(options)) {}

  std::vector<std::pair<std::string, std::string>> Environment() const override {
    if (options_.network.empty()) return {};
    // It wants one; the broker puts the real one in its place.
    return {{"REGREEN_MODEL_KEY", "added-outside"}};
  }

  std::string Command(const Brief&) const override {
    // A sandbox of its own cannot be made inside ours. A search on the web would be made by the
    // model's provider, and carry what was read here out.
    std::string command =
        Cat("export CODEX_HOME=\"$HOME/.codex\"\nmkdir -p \"$CODEX_HOME\"\nexec ",
            ShellQuoted(options_.command),
            " exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox"
            " -c check_for_update_on_startup=false -c analytics.enabled=false"
            " -c 'web_search=\"disabled\"' -c 'history.persistence=\"none\"'");
    if (!options_.network.empty()) {
      Append(command, " -c 'model_provider=\"regreen\"' -c ",
             ShellTextWithUrl("model_providers.regreen={name=\"regreen\",base_url=\"{url}/v1\","
                              "wire_api=\"responses\",env_key=\"REGREEN_MODEL_KEY\","
                              "request_max_retries=2,stream_max_retries=2}",
                              options_.network));
    }
    if (!options_.model.empty()) Append(command, " -m ", ShellQuoted(options_.model));
    for (const std::string& argument : options_.args)
      Append(command, " ", ShellTextWithUrl(argument, options_.network));
    return Cat(command, " -");
  }

  std::unique_ptr<AgentStream> Stream(std::string prompt) const override {
    return std::make_unique<CodexStream>(std::move(prompt));
  }

 private:
  const AgentOptions options_;
};

}  // namespace

StatusOr<std::unique_ptr<Agent>> NewCodexAgent(const AgentOptions& options) {
  AgentOptions own = options;
  if (own.command.empty()) own.command = "codex";
  RETURN_IF_ERROR(CheckProgramOptions(own));
  return NewProgramAgent(own, std::make_unique<CodexProgram>(own));
}

}  // namespace regreen
