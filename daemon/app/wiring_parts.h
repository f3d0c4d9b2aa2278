// The parts of Wire(), each in a file of its own.
#pragma once

#include <string>

#include "daemon/app/wiring.h"

namespace regreen {

// A secret by its reference, which the application then holds; masked in logs. `key` is where the
// configuration names it.
StatusOr<Secret> ResolveHeld(Application& app, const std::string& reference,
                             const std::string& key);

// `program` is this one: it forwards inside sandboxes.
Status AddWorkspaces(Application& app, const std::string& program);
Status AddAgents(Application& app);

}  // namespace regreen
