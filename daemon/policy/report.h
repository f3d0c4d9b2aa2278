// A selection, for people.
#pragma once

#include <string>

#include "daemon/policy/matcher.h"

namespace regreen {

// What was chosen and why, then the other templates with every reason why not, and how many more
// there are. Plain text, one reason a line, safe to print to a terminal.
std::string RenderSelection(const Selection& selection);

// One line for a decision: `template "x": class is format; command "make" matches /make/`, or why
// none.
std::string SummarizeSelection(const Selection& selection);

}  // namespace regreen
