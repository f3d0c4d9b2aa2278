#include "daemon/app/config_exec.h"

#include "adapters/workspace/exec.h"
#include "daemon/app/config.h"

namespace regreen {

ExecOptions OptionsOf(const ExecConfig& exec) {
  ExecOptions options;
  options.preset = exec.preset;
  options.create = exec.create;
  options.ready = exec.ready;
  options.run = exec.run;
  options.destroy = exec.destroy;
  options.list = exec.list;
  options.attach = exec.attach;
  options.manifest = exec.manifest;
  options.options = exec.options;
  options.env = exec.env;
  options.keep_env = exec.keep_env;
  options.folder = exec.folder;
  options.values = exec.values;
  return options;
}

std::string ExecOfWorkspace(const Config& config) {
  const std::string& named = config.workspace.exec;
  if (!named.empty()) return config.exec.count(named) > 0 ? named : "";
  return config.exec.size() == 1 ? config.exec.begin()->first : "";
}

}  // namespace regreen
