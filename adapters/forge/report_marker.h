// By what a report is found again: the last line of its text, which people see too.
#pragma once

#include <string>
#include <string_view>

#include "daemon/ports/forge_actions.h"

namespace regreen {

// Internal when the marker is not of a-z, 0-9 and "-".
Status CheckMarker(const Report& report);
// The report's text with its marker.
std::string MarkedBody(const Report& report);
// Whether a text ends with the report's marker.
bool IsMarkedBy(std::string_view text, const Report& report);

}  // namespace regreen
