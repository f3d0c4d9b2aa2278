// Where the hostile program was built. One file knows it, so that every other compiles alike.
#pragma once

#include <string>

namespace regreen::canary {

std::string FixerPath();

}  // namespace regreen::canary
