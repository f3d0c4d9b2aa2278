// The matrix of a GitHub job: which of its combinations a job's name tells.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/policy/ci_expression.h"
#include "daemon/policy/ci_yaml.h"

namespace regreen {

struct MatrixRow {
  std::vector<std::pair<std::string, std::string>> values;  // in order
  std::size_t own = 0;  // so many are of the matrix itself; the rest was added by `include`
};

// As "Running variations of jobs in a workflow" (docs.github.com) has it, `include` and `exclude`
// as well. Nullopt when there is none or its values are not all written out.
std::optional<std::vector<MatrixRow>> MatrixRows(const CiNodePtr& job);

// Adds `matrix.` of the one combination that is shown as `shown`; of several only what they agree
// on, of none nothing. `written` is the job's name or id.
void AddMatrix(const CiNodePtr& job, std::string_view written, std::string_view shown,
               CiContext& context);

}  // namespace regreen
