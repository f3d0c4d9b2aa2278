// The part of the configuration that names Coder servers, and what workspaces are made of there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace regreen {

struct CoderConfig {
  std::string url, token;
  std::string organization, preset, agent;
  std::string template_name = "regreen";
  std::string program = "coder";
  absl::Duration ttl = absl::Hours(2);
  absl::Duration ready = absl::Minutes(10);
  std::vector<std::string> keep_env;
  std::map<std::string, std::string> parameters;

  template <class V>
  void Fields(V& v) {
    v("url", url, "of the server, such as https://coder.example.org");
    v("token", token, "of a user of its own: file:PATH, env:NAME or credential:NAME");
    v("organization", organization, "name or id; empty: the user's default one");
    v("template", template_name, "that workspaces are made from; deploy/coder has one");
    v("preset", preset, "of the template's parameters, by its name; empty: none");
    v("agent", agent, "that commands run by, where the template has several");
    v("program", program, "Coder's command line: a path, or looked up in PATH");
    v("ttl", ttl, "after which Coder stops one that was forgotten; 0s: the template's own");
    v("ready", ready, "how long one may take to be built and started");
    v("keep_env", keep_env, "variables of the workspace that commands see; all others are hidden");
    v("parameters", parameters, "of the template, by name");
  }
};

struct Config;
struct CoderOptions;
// Without its token.
CoderOptions OptionsOf(const CoderConfig& coder);
// The one that the configured workspace is of: the one it names, or the only one. "" when there is
// none such.
std::string CoderOfWorkspace(const Config& config);

}  // namespace regreen
