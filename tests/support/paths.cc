#include "tests/support/paths.h"

namespace regreen {

std::string SourceFolder() {
  return REGREEN_SOURCE_FOLDER;
}
std::string GitChild() {
  return REGREEN_GIT_CHILD;
}

}  // namespace regreen
