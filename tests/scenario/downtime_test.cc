// What webhooks did not tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Downtime, AnHourOfItLosesNothing) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));  // its webhook met nobody
  world.clock.Advance(absl::Hours(1));
  world.Restart();
  EXPECT_EQ(world.HandInSweep(), 1);
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_THAT(world.Decisions(),
              Contains("reconciled: the sweep of acme/widget found 1 failed run that no delivery "
                       "had told of, and had 0 deliveries sent again"));
}

TEST(Downtime, ItsRunIsNotWorkedOnTwiceWhenItsWebhookArrivesAfterAll) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.clock.Advance(absl::Hours(1));
  world.HandInSweep();
  world.WorkUntilIdle();
  EXPECT_EQ(world.Deliver(world.FailingRun(1)), 202);
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), SizeIs(1));
}

TEST(Downtime, WhatAWebhookToldIsNotFoundAgain) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.Deliver(world.FailingRun(1));
  world.WorkUntilIdle();
  world.clock.Advance(absl::Hours(1));
  const int reads = world.github.CountRequests("/actions/runs/1/");
  EXPECT_EQ(world.HandInSweep(), 1);
  world.WorkUntilIdle();
  EXPECT_EQ(world.github.CountRequests("/actions/runs/1/"), reads);
  EXPECT_THAT(world.Decisions(), Not(Contains(HasSubstr("reconciled"))));
  EXPECT_THAT(world.Tasks(), SizeIs(1));
}

TEST(Downtime, ASweepIsHandedInOnceInItsTime) {
  World world;
  EXPECT_EQ(world.HandInSweep(), 1);
  EXPECT_EQ(world.HandInSweep(), 0) << "another process, or this one again";
  world.WorkUntilIdle();
  world.Restart();
  EXPECT_EQ(world.HandInSweep(), 0);
  world.clock.Advance(absl::Minutes(10));
  EXPECT_EQ(world.HandInSweep(), 1);
}

TEST(Downtime, ARunThatHasJustEndedIsLeftToItsWebhook) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.HandInSweep();
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), IsEmpty());
}

TEST(Downtime, FailedDeliveriesAreAskedForAgainByTheirKey) {
  World world;
  world.github.AddDelivery({4, "arrived", "workflow_run", 202});
  world.github.AddDelivery({3, "lost", "workflow_run", 502});
  world.github.AddDelivery({2, "arrived", "workflow_run", 502});
  world.github.AddDelivery({1, "of-no-use", "star", 502});
  for (int i = 0; i < 4; ++i) world.github.AddDelivery({10 + i, "hopeless", "issue_comment", 401});
  world.github.AddDelivery({20, "old", "workflow_run", 502, "2023-11-01T00:00:00Z"});
  world.HandInSweep();
  world.WorkUntilIdle();
  EXPECT_THAT(world.github.redelivered(), ElementsAre(3));
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("had 1 delivery sent again; 1 failed too often "
                                                    "and are given up")));
}

TEST(Downtime, ASweepThatFailedIsTriedAgain) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.clock.Advance(absl::Hours(1));
  world.github.Fail(502, 1, "GET /repos/acme/widget/actions/runs");
  world.HandInSweep();
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), IsEmpty());
  world.clock.Advance(absl::Minutes(5));
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), SizeIs(1));
}

TEST(Downtime, ALongerOneIsLookedBackUponAsFar) {
  World world;
  world.HandInSweep();
  world.WorkUntilIdle();
  FakeRun run = world.FailingRun(1);
  run.created_at = run.updated_at = "2023-11-15T00:13:00Z";  // two hours later
  world.github.AddRun(run);
  world.clock.Advance(absl::Hours(24));
  world.HandInSweep();
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), SizeIs(1)) << "beyond look_back, and after the last sweep";
}

}  // namespace
}  // namespace regreen
