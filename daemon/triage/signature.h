// What a failure is called, the same wherever it happens. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/domain/incident.h"

namespace regreen {

// Without what changes from run to run: times, durations, hashes, addresses, ports, counts, the
// runner's own folders. Numbers that mean something (a status, an error code) stay.
std::string StableMessage(std::string_view message);
// A file or test name: relative to the checkout, '/' between folders. Its numbers stay.
std::string StableName(std::string_view name);

// "tool: subject — detail", capped; parts that are empty leave no trace.
std::string MakeSignature(std::string_view tool, std::string_view subject, std::string_view detail);
// Hex of SHA-256 over (class, signature).
std::string MakeFingerprint(FailureClass failure_class, std::string_view signature);

}  // namespace regreen
