// What a route does where nothing holds it: a child of this process that inherits all that it has.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace regreen::canary {

// `bash -c command`, as a careless daemon would run it: with our environment and descriptors, and
// at the timeout only the shell is ended. What it printed.
std::string RunPlain(const std::string& command, const std::string& folder,
                     const std::vector<std::pair<std::string, std::string>>& environment,
                     absl::Duration timeout);

// Processes whose command line holds the mark, this one left out.
std::vector<pid_t> Marked(std::string_view mark);

}  // namespace regreen::canary
