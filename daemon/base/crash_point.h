// Named points at which a test can end the process as a power cut would, to prove that nothing is
// lost or done twice. Armed by REGREEN_CRASH_POINT in the environment; otherwise one pointer
// compare.
#pragma once

#include <string_view>

namespace regreen {

// Ends the process at once, without any clean-up, when `name` is the armed point.
void CrashPoint(std::string_view name);

}  // namespace regreen
