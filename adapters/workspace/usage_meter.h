// Counts what the calls of a model of one workspace came to, and knows when it is enough.
#pragma once

#include <algorithm>

#include "daemon/base/mutex.h"
#include "daemon/domain/usage.h"

namespace regreen {

// Any thread.
class UsageMeter {
 public:
  // 0: no cap.
  UsageMeter(double max_usd, std::int64_t max_tokens)
      : max_usd_(max_usd), max_tokens_(max_tokens) {}

  void CountRequest() {
    MutexLock lock(mutex_);
    ++total_.requests;
  }
  // What came beside what was added before; `usd` is set. False when a cap is reached by now.
  bool Add(const ModelUsage& more) {
    MutexLock lock(mutex_);
    total_.input_tokens += more.input_tokens;
    total_.cache_read_tokens += more.cache_read_tokens;
    total_.cache_write_tokens += more.cache_write_tokens;
    total_.output_tokens += more.output_tokens;
    total_.usd += more.usd;
    const bool over = (max_usd_ > 0 && total_.usd >= max_usd_) ||
                      (max_tokens_ > 0 && total_.tokens() >= max_tokens_);
    total_.over = total_.over || over;
    return !total_.over;
  }
  // A cap of a set was reached.
  void MarkOver() {
    MutexLock lock(mutex_);
    total_.over = true;
  }
  ModelUsage Total() const {
    MutexLock lock(mutex_);
    return total_;
  }

 private:
  const double max_usd_;
  const std::int64_t max_tokens_;
  mutable Mutex mutex_;
  ModelUsage total_ RG_GUARDED_BY(mutex_);
};

}  // namespace regreen
