// Hours of the week as people write them in templates: "Mon-Fri 08:00-18:00", "Sat,Sun",
// "22:00-06:00 Europe/Berlin", "Mon 09:00-12:00 +02:00". Days, hours or both, then a time zone: UTC
// when there is none, an offset, or a name of the IANA time zone database.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/base/status.h"

namespace regreen {

class TimeWindow {
 public:
  // InvalidArgument says what is wrong, as a clause.
  static StatusOr<TimeWindow> Parse(std::string_view text);

  // The begin is in, the end is not. Hours that end before they begin go on after midnight, and
  // belong to the day on which they began.
  bool Contains(absl::Time time) const;
  const std::string& text() const { return text_; }
  // A moment as the window's own clock shows it: "Mon 2026-01-05 10:00 UTC".
  std::string Show(absl::Time time) const;

 private:
  std::string text_;
  std::array<bool, 7> days_{true, true, true, true, true, true, true};  // from Monday
  int begin_ = 0, end_ = 24 * 60;                                       // minutes of the day
  absl::TimeZone zone_ = absl::UTCTimeZone();
};

}  // namespace regreen
