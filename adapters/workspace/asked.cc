#include "adapters/workspace/asked.h"

#include <utility>

#include "daemon/base/text.h"

namespace regreen {

WorkspaceLimits Narrowed(WorkspaceLimits most, const WorkspaceLimits& asked) {
  const auto narrow = [](auto& value, auto wanted) {
    if (wanted > 0 && (value == 0 || wanted < value)) value = wanted;
  };
  narrow(most.cpu, asked.cpu);
  narrow(most.memory_bytes, asked.memory_bytes);
  narrow(most.processes, asked.processes);
  narrow(most.disk_bytes, asked.disk_bytes);
  narrow(most.files, asked.files);
  narrow(most.file_bytes, asked.file_bytes);
  return most;
}

StatusOr<std::unique_ptr<Broker>> OpenBroker(const WorkspaceOptions& options,
                                             const WorkspaceSpec& spec, std::string folder) {
  if (spec.network.empty()) return std::unique_ptr<Broker>();
  BrokerOptions broker;
  broker.max_usd = spec.max_usd;
  broker.max_tokens = spec.max_tokens;
  broker.folder = std::move(folder);
  broker.ca_file = options.ca_file;
  for (const std::string& name : spec.network) {
    const auto found = options.networks.find(name);
    if (found == options.networks.end())
      return InvalidArgument(
          Cat("there is no network called \"", EscapeControl(name), "\" in the configuration"));
    if (spec.of_fork && !found->second.forks)
      return PermissionDenied(Cat("the network \"", name, "\" is not for a fork's code (forks)"));
    broker.sets.insert(*found);
  }
  return Broker::Start(std::move(broker));
}

}  // namespace regreen
