// For commands that look into the store of a daemon, whether it runs or not.
#pragma once

#include <functional>
#include <string>

#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

// Opens the store of this configuration; answers an exit code. Writers and readers do not wait for
// each other.
int WithStore(const std::string& config_path, const std::function<Status(Store&)>& use);

}  // namespace regreen
