// The part of the configuration that names engines which are told by command lines to make, reach
// and remove the machines that workspaces are on.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace regreen {

struct ExecConfig {
  std::string preset;
  std::vector<std::string> create, ready, run, destroy, list, attach;
  std::string manifest;
  std::vector<std::string> options, env, keep_env;
  std::string folder;
  std::map<std::string, std::string> values;

  template <class V>
  void Fields(V& v) {
    v("preset", preset,
      "ssh, docker, podman, kubectl, nomad, incus or devcontainer: its command lines hold where "
      "none is given here");
    v("create", create, "words of a command that makes the machine {name}; none: it is there");
    v("ready", ready, "run after it; ends when commands can be run");
    v("run", run, "runs {argv} (words), or {command} (one word, for a shell), on {name}");
    v("destroy", destroy, "removes {name}");
    v("list", list, "prints the names of all machines, one a line");
    v("attach", attach, "a shell on {name} for a person; {tree} is the folder of the files there");
    v("manifest", manifest, "a file for the standard input of create, with {name} and so on");
    v("options", options, "further words where a command line has {options}");
    v("env", env, "variables of the daemon that these programs need, by name");
    v("keep_env", keep_env, "variables of the machine that commands see; all others are hidden");
    v("folder", folder, "where workspaces are, there: absolute, or below ~/");
    v("values", values, "of placeholders, such as host or image");
  }
};

struct Config;
struct ExecOptions;
ExecOptions OptionsOf(const ExecConfig& exec);
// The one that a configured workspace is of: the one it names, or the only one. "" when there is
// none such.
struct WorkspaceKindConfig;
std::string ExecOfWorkspace(const Config& config, const WorkspaceKindConfig& workspace);

}  // namespace regreen
