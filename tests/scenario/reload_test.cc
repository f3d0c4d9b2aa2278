// Policies that change while there is work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Renamed(const std::string& name) {
  std::string text = World::DefaultTemplate();
  return text.replace(text.find("regenerate-table"), 16, name);
}

void Fail(World& world, std::int64_t id) {
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(id));
  ASSERT_EQ(world.Deliver(world.FailingRun(id), "guid-" + std::to_string(id)), 202);
}

TEST(Reload, ATaskKeepsItsPlanAndTheNextOneIsOfTheNewPolicies) {
  World world;
  const std::string before = world.policies->status().digest;
  Fail(world, 1);
  world.WorkUntil(TaskState::kRepairing);

  EXPECT_EQ(world.ChangePolicy("templates/scenario.toml", Renamed("second-edition")),
            ReloadOutcome::kChanged);
  const std::string after = world.policies->status().digest;
  ASSERT_NE(after, before);
  world.WorkUntil(TaskState::kWatching);
  const Task first = world.OnlyTask();
  EXPECT_EQ(first.plan.template_name, "regenerate-table");
  EXPECT_EQ(first.plan.policy_digest, before);

  world.github.ClosePull(first.change->number, true);
  world.clock.Advance(absl::Hours(1));
  world.WorkUntilIdle();
  Fail(world, 2);
  world.WorkUntilIdle();
  const std::vector<Task> tasks = world.Tasks();
  ASSERT_THAT(tasks, SizeIs(2));
  EXPECT_EQ(tasks[0].plan.template_name, "second-edition");
  EXPECT_EQ(tasks[0].plan.policy_digest, after);
}

TEST(Reload, AStricterGuardProtectsWhatWasProvenUnderTheOldOne) {
  World world;
  Fail(world, 1);
  world.WorkUntil(TaskState::kPublishing);
  EXPECT_EQ(world.ChangePolicy("guard/stricter.toml",
                               "[[added]]\nname = \"no-c\"\nabout = \"is a letter not wanted\"\n"
                               "patterns = ['^c']\n"),
            ReloadOutcome::kChanged);
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kFailed);
  EXPECT_THAT(world.TimelineOf(world.OnlyTask().id),
              Contains(HasSubstr("the guard in force now refuses the proven patch")));
  EXPECT_THAT(world.RemoteBranches(), testing::ElementsAre("main"));
}

TEST(Reload, ABadTemplateLeavesTheOldPoliciesInForce) {
  World world;
  const PolicyStatus before = world.policies->status();
  EXPECT_EQ(world.ChangePolicy("templates/scenario.toml", "name = \"x\"\n[[stepp]]\nrun = \"y\"\n"),
            ReloadOutcome::kRefused);
  EXPECT_FALSE(world.policies->status().valid);
  EXPECT_EQ(world.policies->status().digest, before.digest);
  Fail(world, 1);
  world.WorkUntil(TaskState::kWatching);
  EXPECT_EQ(world.OnlyTask().plan.policy_digest, before.digest);
}

}  // namespace
}  // namespace regreen
