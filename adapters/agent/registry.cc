#include "adapters/agent/registry.h"

#include "adapters/agent/kinds.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Kind {
  const char* name;
  StatusOr<std::unique_ptr<Agent>> (*create)(const AgentOptions&);
};

constexpr Kind kKinds[] = {
    {"command", NewCommandAgent},
    {"claude", NewClaudeAgent},
    {"codex", NewCodexAgent},
    {"acp", NewAcpAgent},
};

}  // namespace

std::vector<std::string> CommonMistakes(const AgentOptions& options) {
  std::vector<std::string> problems;
  const AgentLimits& limits = options.limits;
  if (limits.max_usd < 0) problems.push_back("max_usd must not be negative");
  if (limits.max_tokens < 0) problems.push_back("max_tokens must not be negative");
  if (options.max_turns < 0) problems.push_back("max_turns must not be negative");
  if (limits.timeout <= absl::ZeroDuration())
    problems.push_back("timeout must be longer than nothing");
  if (options.silence <= absl::ZeroDuration())
    problems.push_back("silence must be longer than nothing");
  for (const auto& [name, value] : options.env) {
    if (!IsVariableName(name) || value.find('\0') != std::string::npos)
      problems.push_back(Cat("env: no environment can hold ", EscapeControl(name)));
  }
  return problems;
}

StatusOr<std::unique_ptr<Agent>> CreateAgent(const AgentOptions& options) {
  for (const Kind& kind : kKinds) {
    if (options.kind == kind.name) return kind.create(options);
  }
  return InvalidArgument(Cat("there is no kind of agent named \"", EscapeControl(options.kind),
                             "\"", DidYouMean(options.kind, AgentKinds())));
}

std::vector<std::string> AgentKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

}  // namespace regreen
