// Values that steps hand on: `name=value` lines in the file $REGREEN_OUTPUT. Whoever wrote the file
// is hostile. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/plan.h"

namespace regreen {

using Outputs = std::map<std::string, std::string>;

inline constexpr std::size_t kMostOutputBytes = 64 << 10;
inline constexpr std::string_view kOutputsArtifact = "outputs";

struct ParsedOutputs {
  Outputs values;
  std::vector<std::string> mistakes;  // a sentence each, safe to print; what they name is left out
};
// A later line of a name replaces an earlier one; of a list it is another element.
ParsedOutputs ParseOutputs(std::string_view text, const std::vector<ValueSpec>& declared);

// Whether any output is written by steps: a patch is not.
bool TakesOutputs(const Plan& plan);

std::string OutputsToJson(const Outputs& outputs);
StatusOr<Outputs> OutputsFromJson(std::string_view json);

}  // namespace regreen
