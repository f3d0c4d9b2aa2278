#include "daemon/base/crash_point.h"

#include <unistd.h>

#include <cstdlib>

namespace regreen {

void CrashPoint(std::string_view name) {
  static const char* const armed = std::getenv("REGREEN_CRASH_POINT");
  if (armed != nullptr && name == armed) _exit(137);
}

}  // namespace regreen
