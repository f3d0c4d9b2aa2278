#include "daemon/policy/time_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace regreen {
namespace {

using ::testing::HasSubstr;

// A moment of the week of Monday, 5 January 2026, in UTC.
absl::Time At(int day, int hour, int minute) {
  return absl::FromCivil(absl::CivilMinute(2026, 1, 5 + day, hour, minute), absl::UTCTimeZone());
}

TEST(TimeWindow, HoldsTheHoursThatItNames) {
  constexpr int kMon = 0, kTue = 1, kFri = 4, kSat = 5, kSun = 6;
  struct Case {
    const char* window;
    int day, hour, minute;
    bool in;
  };
  const Case cases[] = {
      {"Mon-Fri 08:00-18:00", kMon, 8, 0, true},
      {"Mon-Fri 08:00-18:00", kMon, 7, 59, false},
      {"Mon-Fri 08:00-18:00", kFri, 17, 59, true},
      {"Mon-Fri 08:00-18:00", kFri, 18, 0, false},
      {"Mon-Fri 08:00-18:00", kSat, 12, 0, false},
      {"mon-FRI 08:00-18:00 UTC", kMon, 12, 0, true},
      {"Sat,Sun", kSat, 0, 0, true},
      {"Sat,Sun", kSun, 23, 59, true},
      {"Sat,Sun", kMon, 0, 0, false},
      {"Sat-Mon", kSun, 1, 0, true},
      {"Sat-Mon", kTue, 1, 0, false},
      {"Mon,Thu-Fri", kFri, 1, 0, true},
      {"00:00-24:00", kTue, 23, 59, true},
      {"22:00-06:00", kTue, 23, 0, true},
      {"22:00-06:00", kTue, 5, 59, true},
      {"22:00-06:00", kTue, 6, 0, false},
      {"Fri 22:00-06:00", kSat, 5, 0, true},
      {"Fri 22:00-06:00", kFri, 5, 0, false},
      {"Sun 22:00-06:00", kMon, 5, 0, true},
      {"Mon 10:00-12:00 +02:00", kMon, 8, 30, true},
      {"Mon 10:00-12:00 +02:00", kMon, 10, 30, false},
      {"Sun -05:00", kMon, 4, 59, true},
      {"Sun -05:00", kMon, 5, 0, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message()
                 << c.window << ", day " << c.day << " " << c.hour << ":" << c.minute);
    const auto window = TimeWindow::Parse(c.window);
    ASSERT_TRUE(window.ok()) << window.status();
    EXPECT_EQ(window->Contains(At(c.day, c.hour, c.minute)), c.in);
  }
}

TEST(TimeWindow, KnowsSummerTimeOfNamedZones) {
  absl::TimeZone berlin;
  if (!absl::LoadTimeZone("Europe/Berlin", &berlin)) GTEST_SKIP() << "no time zone database here";
  const auto window = TimeWindow::Parse("08:00-09:00 Europe/Berlin");
  ASSERT_TRUE(window.ok()) << window.status();
  const auto at = [](int month, int hour) {
    return absl::FromCivil(absl::CivilHour(2026, month, 1, hour), absl::UTCTimeZone());
  };
  EXPECT_TRUE(window->Contains(at(1, 7)));
  EXPECT_FALSE(window->Contains(at(1, 6)));
  EXPECT_TRUE(window->Contains(at(7, 6)));
  EXPECT_EQ(window->Show(at(7, 6)), "Wed 2026-07-01 08:00 CEST");
}

TEST(TimeWindow, SaysWhatIsWrong) {
  struct Case {
    const char* text;
    const char* why;
  };
  const Case cases[] = {
      {"", "neither days nor hours"},
      {"   ", "neither days nor hours"},
      {"always", "neither days nor hours"},
      {"Mon-", "neither days nor hours"},
      {"Mon,,Tue", "neither days nor hours"},
      {"8:00-18:00", "neither days nor hours"},
      {"08:60-18:00", "neither days nor hours"},
      {"24:00-06:00", "neither days nor hours"},
      {"08:00-24:01", "neither days nor hours"},
      {"UTC", "neither days nor hours"},
      {"08:00-08:00", "holds no time"},
      {"Mon 08:00", "does not end with hours"},
      {"Mon 08:00-25:00", "does not end with hours"},
      {"Mon Tue", "does not end with hours"},
      {"Mon 08:00-18:00 Mars/Olympus", "a time zone that this machine knows"},
      {"Mon 08:00-18:00 +2", "a time zone that this machine knows"},
      {"Mon 08:00-18:00 +15:00", "a time zone that this machine knows"},
      {"Mon 08:00-18:00 /etc/passwd", "a time zone that this machine knows"},
      {"Mon 08:00-18:00 file:/etc/x", "a time zone that this machine knows"},
      {"Mon 08:00-18:00 UTC UTC", "goes on after the time zone"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto window = TimeWindow::Parse(c.text);
    ASSERT_FALSE(window.ok());
    EXPECT_EQ(window.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(window.status()), HasSubstr(c.why));
  }
}

}  // namespace
}  // namespace regreen
