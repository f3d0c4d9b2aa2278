#include "daemon/policy/time_window.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kDay = 24 * 60;
constexpr std::string_view kDayNames[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::string_view kHint = "write it like \"Mon-Fri 08:00-18:00 UTC\"";

std::optional<std::size_t> DayOf(std::string_view name) {
  const auto* found = std::find(std::begin(kDayNames), std::end(kDayNames), Lower(name));
  if (found == std::end(kDayNames)) return std::nullopt;
  return static_cast<std::size_t>(found - std::begin(kDayNames));
}

// "Mon-Fri" or "Sat,Sun" or both kinds in one list; a range may go on over Sunday.
bool ParseDays(std::string_view text, std::array<bool, 7>& days) {
  days = {};
  for (const std::string_view part : Split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = DayOf(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : DayOf(part.substr(dash + 1));
    if (!first || !last) return false;
    for (std::size_t day = *first;; day = (day + 1) % 7) {
      days[day] = true;
      if (day == *last) break;
    }
  }
  return true;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// "08:00", up to "24:00".
std::optional<int> MinuteOf(std::string_view text) {
  if (text.size() != 5 || text[2] != ':' || !IsDigit(text[0]) || !IsDigit(text[1]) ||
      !IsDigit(text[3]) || !IsDigit(text[4])) {
    return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour * 60 + minute > kDay) return std::nullopt;
  return hour * 60 + minute;
}

bool ParseHours(std::string_view text, int& begin, int& end) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const auto first = MinuteOf(text.substr(0, dash)), last = MinuteOf(text.substr(dash + 1));
  if (!first || !last || *first == kDay) return false;
  begin = *first;
  end = *last;
  return true;
}

bool ParseZone(std::string_view text, absl::TimeZone& zone) {
  if (text.size() == 6 && (text[0] == '+' || text[0] == '-')) {
    const auto offset = MinuteOf(text.substr(1));
    if (!offset || *offset > 14 * 60) return false;  // UTC+14 is the farthest there is
    zone = absl::FixedTimeZone((text[0] == '-' ? -60 : 60) * *offset);
    return true;
  }
  // Names only: the library would also read a zone from a file that a path leads to.
  const bool name =
      !text.empty() && text.front() != '/' && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' ||
               c == '/' || c == '+' || c == '-';
      });
  return name && absl::LoadTimeZone(std::string(text), &zone);
}

}  // namespace

StatusOr<TimeWindow> TimeWindow::Parse(std::string_view text) {
  std::vector<std::string_view> words = Split(text, ' ');
  std::erase(words, std::string_view());
  TimeWindow window;
  window.text_ = std::string(text);
  std::size_t next = 0;
  const bool days = next < words.size() && ParseDays(words[next], window.days_);
  if (days) {
    ++next;
  } else {
    window.days_.fill(true);
  }
  const bool hours = next < words.size() && ParseHours(words[next], window.begin_, window.end_);
  if (hours) ++next;
  if (!days && !hours) return InvalidArgument(Cat("names neither days nor hours: ", kHint));
  if (window.begin_ == window.end_) {
    return InvalidArgument("holds no time: it ends when it begins (a whole day is 00:00-24:00)");
  }
  if (next < words.size() && !ParseZone(words[next++], window.zone_)) {
    return InvalidArgument(
        Cat("does not end with hours (08:00-18:00) or a time zone that this "
            "machine knows (UTC, +02:00, Europe/Berlin): ",
            kHint));
  }
  if (next < words.size()) return InvalidArgument(Cat("goes on after the time zone: ", kHint));
  return window;
}

bool TimeWindow::Contains(absl::Time time) const {
  const absl::CivilMinute now = absl::ToCivilMinute(time, zone_);
  const auto day = static_cast<std::size_t>(absl::GetWeekday(now));  // from Monday
  const int minute = now.hour() * 60 + now.minute();
  if (begin_ < end_) return days_[day] && minute >= begin_ && minute < end_;
  return (days_[day] && minute >= begin_) || (days_[(day + 6) % 7] && minute < end_);
}

std::string TimeWindow::Show(absl::Time time) const {
  return absl::FormatTime("%a %Y-%m-%d %H:%M %Z", time, zone_);
}

}  // namespace regreen
