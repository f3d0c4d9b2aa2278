// Addresses of logs that a delivery names: the config says below which prefixes one may be fetched.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"

namespace regreen {

// The prefixes in the form that AllowedLogUrl compares with. `problems` gets a line for each that
// is no address.
std::vector<std::string> ReadLogUrlPrefixes(const std::vector<std::string>& prefixes,
                                            std::vector<std::string>& problems);

// The address as it may be fetched. InvalidArgument when it is none, or is not below a prefix.
StatusOr<std::string> AllowedLogUrl(const std::vector<std::string>& prefixes,
                                    std::string_view log_url);

// A log that came with a delivery, capped: its beginning says what ran, its end why it failed.
std::string CapLog(std::string log);

}  // namespace regreen
