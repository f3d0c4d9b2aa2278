// Labels of Gitea, which its API takes by their numbers.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/forge/gitea_api.h"

namespace regreen {

// The numbers of the repository's labels of these names, in their order. Those that are not there
// are made.
StatusOr<std::vector<std::int64_t>> GiteaLabelIds(const GiteaApi& api, const std::string& repo,
                                                  const std::vector<std::string>& names,
                                                  std::stop_token stop);

// {"labels": [3, 1]} as a part of a body.
void WriteLabels(const std::vector<std::int64_t>& ids, JsonWriter& body);

}  // namespace regreen
