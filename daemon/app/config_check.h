// What the structs of the configuration alone cannot say.
#pragma once

#include <map>
#include <string>

#include "daemon/app/config.h"
#include "daemon/base/toml.h"

namespace regreen {

// Where each key was written: "workspace.kind" → line and column.
using Places = std::map<std::string, Position>;

// Each mistake is noted at the place of its key.
void CheckConfig(const Config& config, const Places& places, const std::string& file,
                 Problems& problems, ConfigUse use = ConfigUse::kDaemon);

}  // namespace regreen
