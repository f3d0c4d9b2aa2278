#include "adapters/workspace/exec.h"

namespace regreen {
namespace {

// An account on a machine that is there already. Nothing is forwarded, nothing is asked for; one
// connection carries all calls, and ends by itself.
ExecOptions Ssh() {
  ExecOptions o;
  o.run = {"ssh",       "-T",
           "-o",        "BatchMode=yes",
           "-o",        "ConnectTimeout=15",
           "-o",        "ServerAliveInterval=15",
           "-o",        "ServerAliveCountMax=4",
           "-o",        "ForwardAgent=no",
           "-o",        "ForwardX11=no",
           "-o",        "ClearAllForwardings=yes",
           "-o",        "LogLevel=ERROR",
           "-o",        "ControlMaster=auto",
           "-o",        "ControlPath={directory}.ssh",
           "-o",        "ControlPersist=60",
           "{options}", "--",
           "{host}",    "{command}"};
  o.attach = {"ssh", "-t",     "{options}",
              "--",  "{host}", "cd .regreen/workspaces/{name}/tree && exec \"$SHELL\" -l"};
  o.env = {"SSH_AUTH_SOCK"};
  o.folder = "~/.regreen/workspaces";
  return o;
}

}  // namespace

const std::vector<ExecPreset>& ExecPresets() {
  static const std::vector<ExecPreset> presets = {{"ssh", Ssh()}};
  return presets;
}

}  // namespace regreen
