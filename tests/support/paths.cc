#include "tests/support/paths.h"

namespace regreen {

std::string SourceFolder() {
  return REGREEN_SOURCE_FOLDER;
}
std::string GitChild() {
  return REGREEN_GIT_CHILD;
}
std::string ForwardChild() {
  return REGREEN_FORWARD_CHILD;
}

}  // namespace regreen
