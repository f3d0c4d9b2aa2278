// The daemon's own store, for commands that read it.
#pragma once

#include <functional>
#include <string>

#include "daemon/app/config.h"
#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

// Reads the configuration, opens its store and answers the exit code of `read`; what goes wrong is
// printed. Writers and readers do not wait for each other.
int WithStore(const std::string& config_path,
              const std::function<Status(Store&, const Config&)>& read);
int WithStore(const std::string& config_path, const std::function<Status(Store&)>& read);

// The user that runs this program, for records; a number where it has no name.
std::string OwnUserName();

}  // namespace regreen
