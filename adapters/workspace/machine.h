// What this machine has of what a sandbox needs, each with what it means and what to do. The probe
// at start-up says the same words.
#pragma once

#include <string>
#include <vector>

#include "adapters/workspace/registry.h"

namespace regreen {

struct MachineFinding {
  // kNote: it works, less well than it could.
  enum class State { kGood, kNote, kBad };
  std::string what;  // "cgroups"
  State state = State::kGood;
  std::string says;
  std::string advice;  // what to do; "" where nothing is to be done
};

// Everything that was found, in the order in which it is needed. Starts sandboxes in a new folder
// below options.directory; moves and changes nothing. No sandbox can be opened when any is bad.
std::vector<MachineFinding> LookAtMachine(const WorkspaceOptions& options);

// Whether the system allows user namespaces to this user, by its settings.
MachineFinding LookAtUserNamespaces();

}  // namespace regreen
