// Jenkins, by the JSON of its Notification plugin. The log is the build's consoleText, or the lines
// that the plugin is told to send.
#pragma once

#include <memory>

#include "adapters/ci/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> NewJenkinsCi(const CiOptions& options);

}  // namespace regreen
