#include "adapters/agent/registry.h"

#include "adapters/agent/command.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Kind {
  const char* name;
  StatusOr<std::unique_ptr<Agent>> (*create)(const AgentOptions&);
};

constexpr Kind kKinds[] = {
    {"command", NewCommandAgent},
};

}  // namespace

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
