// What is no mistake, and yet most likely not what was meant.
#pragma once

#include <vector>

#include "daemon/base/toml.h"
#include "daemon/policy/template.h"

namespace regreen {

// Warns of: inputs that nothing reads; named groups that no pattern of the template has, where one
// has nearly that name; steps behind a report that always ends the ladder; and templates that can
// never be chosen, as one before them has some of their conditions and no others. `templates` are
// composed, and in the order in which they are asked.
void Lint(const std::vector<Template>& templates, Problems& problems);

}  // namespace regreen
