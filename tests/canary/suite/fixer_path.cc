#include "tests/canary/suite/fixer_path.h"

namespace regreen::canary {

std::string FixerPath() {
  return REGREEN_FIXER;
}

}  // namespace regreen::canary
