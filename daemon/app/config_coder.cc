#include "daemon/app/config_coder.h"

#include "adapters/workspace/coder.h"
#include "daemon/app/config.h"

namespace regreen {

CoderOptions OptionsOf(const CoderConfig& coder) {
  CoderOptions options;
  options.url = coder.url;
  options.choice = {coder.organization, coder.template_name, coder.preset, coder.parameters};
  options.ttl = coder.ttl;
  options.agent = coder.agent;
  options.program = coder.program;
  options.keep_env = coder.keep_env;
  options.times.ready = coder.ready;
  return options;
}

std::string CoderOfWorkspace(const Config& config) {
  const std::string& named = config.workspace.coder;
  if (!named.empty()) return config.coder.count(named) > 0 ? named : "";
  return config.coder.size() == 1 ? config.coder.begin()->first : "";
}

}  // namespace regreen
