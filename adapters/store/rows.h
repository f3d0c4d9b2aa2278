// How values are kept in rows, for all the subjects of this folder. Functions that take a
// Connection run inside the caller's transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/store/connection.h"
#include "daemon/base/json.h"
#include "daemon/base/status.h"
#include "daemon/domain/task.h"

namespace regreen {

inline std::int64_t ToMicros(absl::Time time) {
  return absl::ToUnixMicros(time);
}
inline absl::Time FromMicros(std::int64_t micros) {
  return absl::FromUnixMicros(micros);
}
// A time that a caller left unset is now.
inline absl::Time TimeOr(absl::Time time, absl::Time now) {
  return time == absl::Time() ? now : time;
}

template <class T>
std::string ToJson(const T& value) {
  JsonWriter out;
  WriteJson(value, out);
  return out.Take();
}

Status InsertDecision(Connection& db, absl::Time now, const Decision& decision);

}  // namespace regreen
