// Values as a template writes them; private to what writes templates.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace regreen {

std::string List(const std::vector<std::string>& elements);
std::string Length(absl::Duration duration);

}  // namespace regreen
