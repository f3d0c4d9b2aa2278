// std::mutex with clang's thread-safety annotations. absl::Mutex shows false races under TSan,
// since Debian's Abseil is not instrumented.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define RG_ATTR(x) __attribute__((x))
#else
#define RG_ATTR(x)
#endif
#define RG_GUARDED_BY(m) RG_ATTR(guarded_by(m))
#define RG_REQUIRES(m) RG_ATTR(requires_capability(m))
#define RG_EXCLUDES(m) RG_ATTR(locks_excluded(m))

namespace regreen {

class RG_ATTR(capability("mutex")) Mutex {
 public:
  void lock() RG_ATTR(acquire_capability()) { mutex_.lock(); }
  void unlock() RG_ATTR(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class RG_ATTR(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) RG_ATTR(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() RG_ATTR(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits with a regreen::Mutex; the caller holds the lock, and loops over its condition.
using CondVar = std::condition_variable_any;

}  // namespace regreen
