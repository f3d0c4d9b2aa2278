#include "adapters/git/lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "daemon/base/text.h"

namespace regreen {

StatusOr<MirrorLock> MirrorLock::Take(const std::string& folder, std::stop_token stop) {
  const std::string path = Cat(folder, ".lock");
  UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return ErrnoStatus(errno, Cat("cannot open ", path));
  // A lock of an open file counts between threads too, since each taker opens its own.
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock waiting(mutex);
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return ErrnoStatus(errno, Cat("cannot lock ", path));
    never.wait_for(waiting, stop, std::chrono::milliseconds(20), [] { return false; });
    if (stop.stop_requested()) return Cancelled("stopped while waiting for a mirror");
  }
  return MirrorLock(std::move(file));
}

}  // namespace regreen
