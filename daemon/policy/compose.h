// What templates mean by one another: the steps of those that they use come in the place of the
// step that uses them, and those that they go on with stand ready as ladders of their own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/policy/template.h"

namespace regreen {

// Resolves `use` and `then` of every template; mistakes are noted at the step, or at `then`.
//   From a used or chained template come its steps, with its inputs; its setup (of a used one after
//   the user's own); what it needs of a workspace; its outputs; and whether a person must approve.
//   Its match, guard, verification, change and limits do not count: those of the user hold.
//   A used step's `when` is its own and that of the step that uses it; `after` of the latter can
//   only stand where one step comes.
void Compose(std::vector<Template>& templates, Problems& problems);

}  // namespace regreen
