#include "adapters/agent/registry.h"

#include <algorithm>

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

bool IsVariable(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), plain);
}

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
    if (!IsVariable(name) || value.find('\0') != std::string::npos)
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
