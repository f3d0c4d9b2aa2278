#include "daemon/domain/limits.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "daemon/base/text.h"
#include "daemon/base/toml.h"

namespace regreen {
namespace {

// What no window tells the end of is looked at again after this long.
constexpr absl::Duration kLookAgain = absl::Seconds(30);

constexpr std::string_view kKinds[] = {"open_per_repo", "tasks_per_repo", "per_hour",
                                       "per_day",       "usd_per_day",    "minutes_per_day",
                                       "cooldown",      "break_after"};

std::string Span(absl::Duration d) {
  return absl::FormatDuration(absl::Trunc(d, absl::Seconds(1)));
}

std::string Count(int n, std::string_view noun) {
  return Cat(n, " ", noun, n == 1 ? "" : "s");
}

}  // namespace

std::string_view ToString(LimitKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::span<const LimitKind> AllLimitKinds() {
  static constexpr LimitKind kAll[] = {LimitKind::kOpenPerRepo, LimitKind::kTasksPerRepo,
                                       LimitKind::kPerHour,     LimitKind::kPerDay,
                                       LimitKind::kUsdPerDay,   LimitKind::kMinutesPerDay,
                                       LimitKind::kCooldown,    LimitKind::kBreakAfter};
  return kAll;
}

std::optional<HeldBack> WhatHoldsBack(const Limits& limits, const LimitUsage& usage,
                                      const std::string& whose, absl::Time now) {
  const auto held = [&](LimitKind limit, std::string why, absl::Time until) {
    return HeldBack{limit, Cat("held back: ", whose, " ", why),
                    std::max(until, now + absl::Seconds(1))};
  };
  if (limits.break_after > 0 && usage.failures_in_a_row >= limits.break_after &&
      usage.last_failure && *usage.last_failure + limits.break_for > now) {
    return held(LimitKind::kBreakAfter,
                Cat("failed ", Count(usage.failures_in_a_row, "time"), " in a row (break_after is ",
                    limits.break_after, "); the circuit is open for ", Span(limits.break_for),
                    " after the last"),
                *usage.last_failure + limits.break_for);
  }
  if (limits.cooldown > absl::ZeroDuration() && usage.fingerprint_ended &&
      *usage.fingerprint_ended + limits.cooldown > now) {
    return held(
        LimitKind::kCooldown,
        Cat("cools down: a task for this failure ended ", Span(now - *usage.fingerprint_ended),
            " ago (cooldown is ", Span(limits.cooldown), ")"),
        *usage.fingerprint_ended + limits.cooldown);
  }
  if (limits.tasks_per_repo > 0 && usage.tasks >= limits.tasks_per_repo)
    return held(LimitKind::kTasksPerRepo,
                Cat("has ", Count(usage.tasks, "task"), " at work (tasks_per_repo is ",
                    limits.tasks_per_repo, ")"),
                now + kLookAgain);
  if (limits.open_per_repo > 0 && usage.open_changes >= limits.open_per_repo) {
    return held(LimitKind::kOpenPerRepo,
                Cat("has ", Count(usage.open_changes, "change"),
                    " open or on the way (open_per_repo is ", limits.open_per_repo, ")"),
                now + kLookAgain);
  }
  if (limits.per_hour > 0 && usage.begun_last_hour >= limits.per_hour) {
    return held(LimitKind::kPerHour,
                Cat("began ", Count(usage.begun_last_hour, "task"), " in an hour (per_hour is ",
                    limits.per_hour, ")"),
                usage.oldest_of_hour + absl::Hours(1));
  }
  if (limits.per_day > 0 && usage.begun_last_day >= limits.per_day) {
    return held(LimitKind::kPerDay,
                Cat("began ", Count(usage.begun_last_day, "task"), " in a day (per_day is ",
                    limits.per_day, ")"),
                usage.oldest_of_day + absl::Hours(24));
  }
  if (limits.usd_per_day > 0 && usage.usd_last_day >= limits.usd_per_day) {
    return held(LimitKind::kUsdPerDay,
                absl::StrFormat("spent $%.2f in a day (usd_per_day is $%.2f)", usage.usd_last_day,
                                limits.usd_per_day),
                now + absl::Minutes(5));
  }
  if (limits.minutes_per_day > 0 && usage.time_last_day >= absl::Minutes(limits.minutes_per_day)) {
    return held(LimitKind::kMinutesPerDay,
                Cat("worked ", Span(usage.time_last_day), " in a day (minutes_per_day is ",
                    limits.minutes_per_day, ")"),
                now + absl::Minutes(5));
  }
  return std::nullopt;
}

void WriteJson(const Limits& limits, JsonWriter& out) {
  out.BeginObject();
  out.Field("open_per_repo", limits.open_per_repo).Field("tasks_per_repo", limits.tasks_per_repo);
  out.Field("per_hour", limits.per_hour).Field("per_day", limits.per_day);
  out.Field("usd_per_day", limits.usd_per_day).Field("minutes_per_day", limits.minutes_per_day);
  if (limits.usd_per_task > 0) out.Field("usd_per_task", limits.usd_per_task);
  out.Field("cooldown", absl::FormatDuration(limits.cooldown));
  out.Field("break_after", limits.break_after);
  out.Field("break_for", absl::FormatDuration(limits.break_for)).EndObject();
}

Limits LimitsFromJson(const Json& json) {
  Limits limits;
  const auto number = [&](const char* key) { return static_cast<int>(json[key].IntOr(0)); };
  limits.open_per_repo = number("open_per_repo");
  limits.tasks_per_repo = number("tasks_per_repo");
  limits.per_hour = number("per_hour");
  limits.per_day = number("per_day");
  limits.usd_per_day = json["usd_per_day"].Number().value_or(0);
  limits.usd_per_task = json["usd_per_task"].Number().value_or(0);
  limits.minutes_per_day = number("minutes_per_day");
  limits.cooldown = ParseDuration(json["cooldown"].StringOr("")).value_or(limits.cooldown);
  limits.break_after = number("break_after");
  limits.break_for = ParseDuration(json["break_for"].StringOr("")).value_or(limits.break_for);
  return limits;
}

}  // namespace regreen
