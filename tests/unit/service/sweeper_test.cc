#include "daemon/service/sweeper.h"

#include <gtest/gtest.h>

#include "daemon/base/json.h"

namespace regreen {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

absl::Time SinceOf(const NewDelivery& sweep) {
  return absl::FromUnixSeconds(Json::Parse(sweep.delivery.body).value()["since"].IntOr(0));
}

TEST(Sweep, HasOneKeyInEachSlotOfTime) {
  const SweepOptions options;
  const auto key = [&](absl::Duration later) {
    return SweepOf("gh", options, std::nullopt, kNow + later).delivery.key;
  };
  EXPECT_EQ(key(absl::ZeroDuration()), key(absl::Minutes(1)));
  EXPECT_NE(key(absl::ZeroDuration()), key(absl::Minutes(10)));
  EXPECT_NE(key(absl::ZeroDuration()), SweepOf("lab", options, std::nullopt, kNow).delivery.key);
}

TEST(Sweep, LooksBackAsFarAsTheDowntimeWas) {
  const SweepOptions options;
  const auto since = [&](std::optional<absl::Time> last) {
    return kNow - SinceOf(SweepOf("gh", options, last, kNow));
  };
  EXPECT_EQ(since(std::nullopt), absl::Hours(6));
  EXPECT_EQ(since(kNow - absl::Minutes(10)), absl::Hours(6));
  EXPECT_EQ(since(kNow - absl::Hours(24)), absl::Hours(24) + absl::Minutes(10));
  EXPECT_EQ(since(kNow - absl::Hours(24 * 30)), kOldestSwept);
}

TEST(Sweep, IsToldFromOthersByItsRow) {
  DeliveryRow row;
  row.ci = std::string(kSweepCi);
  row.event = "forge";
  row.key = "gh 123";
  EXPECT_TRUE(IsSweepOf(row, "gh"));
  EXPECT_FALSE(IsSweepOf(row, "g"));
  row.event = "repository";
  EXPECT_FALSE(IsSweepOf(row, "gh"));
  row.event = "forge";
  row.ci = "github";
  EXPECT_FALSE(IsSweepOf(row, "gh"));
}

}  // namespace
}  // namespace regreen
