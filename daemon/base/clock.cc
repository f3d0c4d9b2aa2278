#include "daemon/base/clock.h"

#include <condition_variable>
#include <mutex>

namespace regreen {

void SystemClock::Wait(absl::Duration time, std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, absl::ToChronoNanoseconds(time), [] { return false; });
}

}  // namespace regreen
