// Answers that are asked for again and again, kept with their ETag: an unchanged one comes back as
// 304, which GitHub counts against no limit. Source: RFC 9110 section 13; docs.github.com, "Best
// practices for using the REST API".
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/http.h"
#include "daemon/base/mutex.h"

namespace regreen {

struct EtagLimits {
  std::size_t entries = 2000;
  std::size_t bytes = 16 << 20;        // of all together
  std::size_t body_bytes = 256 << 10;  // of one
};

// The longest unused goes first. Any thread.
class Etags {
 public:
  explicit Etags(EtagLimits limits = {}) : limits_(limits) {}

  // The address of a request as whom it was made: what one credential sees is shown to no other.
  static std::string Key(std::string_view credential, std::string_view url);
  // The last answer, as the 200 that it was, with the ETag to ask with among its headers.
  std::optional<HttpAnswer> Find(const std::string& key);
  // Keeps a 200 that has an ETag and is not too long; whatever else came is kept no longer.
  void Keep(const std::string& key, const HttpAnswer& answer);

 private:
  struct Kept {
    std::string key;
    HttpAnswer answer;
    std::size_t bytes = 0;
  };
  void Drop(std::list<Kept>::iterator one) RG_REQUIRES(mutex_);

  const EtagLimits limits_;
  Mutex mutex_;
  std::list<Kept> kept_ RG_GUARDED_BY(mutex_);  // the last used first
  std::map<std::string, std::list<Kept>::iterator> by_key_ RG_GUARDED_BY(mutex_);
  std::size_t bytes_ RG_GUARDED_BY(mutex_) = 0;
};

}  // namespace regreen
