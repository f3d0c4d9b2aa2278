#include "daemon/domain/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "daemon/domain/template_record.h"

namespace regreen {
namespace {

using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

struct Case {
  const char* name;
  Limits limits;
  LimitUsage usage;
  const char* why;       // part of the sentence; nullptr: nothing holds it back
  absl::Duration after;  // when it is worth another look
  LimitKind limit = LimitKind::kTasksPerRepo;
};

TEST(Limits, NameWhatHoldsATaskBackAndUntilWhen) {
  const Case cases[] = {
      {"no limits", {}, {.open_changes = 99, .tasks = 99, .usd_last_day = 1000}, nullptr, {}},
      {"one below", {.open_per_repo = 3}, {.open_changes = 2}, nullptr, {}},
      {"changes open",
       {.open_per_repo = 3},
       {.open_changes = 3},
       "template \"x\" has 3 changes open or on the way (open_per_repo is 3)",
       absl::Seconds(30),
       LimitKind::kOpenPerRepo},
      {"tasks at work",
       {.tasks_per_repo = 1},
       {.tasks = 1},
       "has 1 task at work",
       absl::Seconds(30)},
      {"an hour's share",
       {.per_hour = 2},
       {.begun_last_hour = 2, .oldest_of_hour = kNow - absl::Minutes(50)},
       "began 2 tasks in an hour (per_hour is 2)",
       absl::Minutes(10),
       LimitKind::kPerHour},
      {"a day's share",
       {.per_day = 2},
       {.begun_last_day = 5, .oldest_of_day = kNow - absl::Hours(23)},
       "began 5 tasks in a day (per_day is 2)",
       absl::Hours(1),
       LimitKind::kPerDay},
      {"money",
       {.usd_per_day = 2.5},
       {.usd_last_day = 2.5},
       "spent $2.50 in a day (usd_per_day is $2.50)",
       absl::Minutes(5),
       LimitKind::kUsdPerDay},
      {"time",
       {.minutes_per_day = 30},
       {.time_last_day = absl::Minutes(31)},
       "worked 31m in a day (minutes_per_day is 30)",
       absl::Minutes(5),
       LimitKind::kMinutesPerDay},
      {"cooling down",
       {.cooldown = absl::Minutes(30)},
       {.fingerprint_ended = kNow - absl::Minutes(10)},
       "ended 10m ago (cooldown is 30m)",
       absl::Minutes(20),
       LimitKind::kCooldown},
      {"cooled down",
       {.cooldown = absl::Minutes(30)},
       {.fingerprint_ended = kNow - absl::Minutes(30)},
       nullptr,
       {}},
      {"an open circuit",
       {.break_after = 3, .break_for = absl::Hours(1)},
       {.failures_in_a_row = 3, .last_failure = kNow - absl::Minutes(15)},
       "failed 3 times in a row (break_after is 3)",
       absl::Minutes(45),
       LimitKind::kBreakAfter},
      {"a circuit that closed again",
       {.break_after = 3, .break_for = absl::Hours(1)},
       {.failures_in_a_row = 3, .last_failure = kNow - absl::Hours(2)},
       nullptr,
       {}},
  };
  for (const Case& c : cases) {
    const auto held = WhatHoldsBack(c.limits, c.usage, "template \"x\"", kNow);
    ASSERT_EQ(held.has_value(), c.why != nullptr) << c.name;
    if (!held) continue;
    EXPECT_THAT(held->why, HasSubstr(c.why)) << c.name;
    EXPECT_EQ(held->until, kNow + c.after) << c.name;
    EXPECT_EQ(held->limit, c.limit) << c.name;
  }
}

TEST(Limits, NeverAskToBeLookedAtInThePast) {
  const auto held = WhatHoldsBack({.per_hour = 1},
                                  {.begun_last_hour = 1, .oldest_of_hour = kNow - absl::Hours(1)},
                                  "repository a/b", kNow);
  ASSERT_TRUE(held);
  EXPECT_GT(held->until, kNow);
}

TEST(Limits, EveryKindHasTheNameOfItsKey) {
  std::set<std::string_view> names;
  for (const LimitKind kind : AllLimitKinds()) names.insert(ToString(kind));
  EXPECT_EQ(names, (std::set<std::string_view>{"open_per_repo", "tasks_per_repo", "per_hour",
                                               "per_day", "usd_per_day", "minutes_per_day",
                                               "cooldown", "break_after"}));
}

TEST(Limits, AChangeMayComeOfAPlanThatChangesFilesAndPublishes) {
  Plan plan;
  EXPECT_FALSE(MayOpenChange(plan)) << "it has no step";
  plan.steps = {{"again", "", absl::Minutes(1), StepKind::kRerun}};
  EXPECT_FALSE(MayOpenChange(plan));
  plan.steps.push_back({"fix", "make", absl::Minutes(1)});
  EXPECT_TRUE(MayOpenChange(plan));
  plan.stage = Stage::kAuto;
  EXPECT_TRUE(MayOpenChange(plan));
  plan.stage = Stage::kShadow;
  EXPECT_FALSE(MayOpenChange(plan));
}

TEST(Limits, ACircuitCountsFailuresUntilASuccess) {
  for (const TaskState state : AllTaskStates()) {
    const bool failure = state == TaskState::kFailed || state == TaskState::kDeclined;
    const bool success = state == TaskState::kMerged || state == TaskState::kRecovered ||
                         state == TaskState::kReported || state == TaskState::kShadowed;
    EXPECT_EQ(CircuitOf(state), failure   ? CircuitEffect::kFailure
                                : success ? CircuitEffect::kSuccess
                                          : CircuitEffect::kNone)
        << ToString(state);
  }
}

}  // namespace
}  // namespace regreen
