// Which template of a Coder server workspaces are made from.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "adapters/workspace/coder_api.h"
#include "daemon/base/status.h"

namespace regreen {

// As the configuration names it.
struct CoderChoice {
  std::string organization;  // name or id; empty: the user's only or default one
  std::string template_name;
  std::string preset;                             // name; empty: none
  std::map<std::string, std::string> parameters;  // of the template, by name
};

struct CoderTemplate {
  std::string id;
  std::string version;  // its active one: what Coder would take for a person
  std::string preset;   // id; empty: none
};

// Asks by name each time, so that a new version of the template counts from the next workspace on.
// InvalidArgument and NotFound say what there is instead of what is named: a preset, a parameter
// that the template does not have, or one that it needs and that has no value.
StatusOr<CoderTemplate> ResolveTemplate(const CoderApi& api, const CoderChoice& choice,
                                        std::stop_token stop);

// Whom the token belongs to, by name. Unauthenticated when Coder does not take it.
StatusOr<std::string> CoderUser(const CoderApi& api, std::stop_token stop);

}  // namespace regreen
