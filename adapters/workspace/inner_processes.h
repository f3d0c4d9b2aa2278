// The processes of a sandbox, as they are seen from outside.
#pragma once

#include <sys/types.h>

namespace regreen {

// Sends a signal to all that the first process of a sandbox has started, and not to itself: it
// would not take one, and its end is the end of all. `first_process` is its number out here; none
// is 0. What ends meanwhile is passed over; what has its number by then gets nothing.
void SignalInside(pid_t first_process, int signal);

}  // namespace regreen
