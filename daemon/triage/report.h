// Evidence as text for people and as JSON. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/json.h"
#include "daemon/domain/incident.h"

namespace regreen {

// What one would paste into a bug report. Every text from the log is escaped for a terminal.
std::string RenderEvidence(const Evidence& evidence, std::string_view file);

// An object {file, class, rule, signature, fingerprint, tool, step, command, exit_code,
// failed_tests[], diagnostics[], lines:[{n, text, role}]}; exit_code is null when it is not known.
void WriteTriageJson(const Evidence& evidence, std::string_view file, JsonWriter& out);

}  // namespace regreen
