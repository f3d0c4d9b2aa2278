// What is known of a run that its forge knows nothing of: the hint, completed by the tip of its
// branch.
#pragma once

#include <optional>
#include <string>

#include "daemon/domain/run.h"

namespace regreen {

// `tip` is the branch's commit now, nullopt when there is no such branch.
RunFacts ForeignFacts(const RunHint& hint, const std::optional<std::string>& tip);

// Why a run of `commit` on `branch` is not worth working on any more, or "".
std::string WhySuperseded(const std::string& branch, const std::string& commit,
                          const std::optional<std::string>& tip);

}  // namespace regreen
