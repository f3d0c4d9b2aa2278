// What the guard says decides how a proven patch goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Automatic() {
  std::string text = World::DefaultTemplate();
  text.replace(text.find("suggest"), 7, "auto");
  text.replace(text.find("[change]\n"), 9, "[change]\nauto_merge = true\n");
  return text;
}

void Fail(World& world) {
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
}

constexpr char kRowRule[] =
    "[[added]]\nname = \"new-row\"\nabout = \"is a row\"\nseverity = \"draft\"\n"
    "patterns = ['^c[0-9]+']\n";

TEST(Guard, WhatAPersonMustSeeIsADraftThatDoesNotMergeByItself) {
  World world(Automatic());
  world.ChangePolicy("guard/rows.toml", kRowRule);
  Fail(world);
  ASSERT_EQ(world.OnlyTask().state, TaskState::kWatching) << world.OnlyTask().reason;
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_TRUE(world.github.pulls()[0].draft) << "although the template is automatic";
  EXPECT_THAT(world.github.pulls()[0].body, HasSubstr("`new-row` at `table.txt:3`"));
  EXPECT_THAT(world.TimelineOf(world.OnlyTask().id),
              Contains(HasSubstr("for a person to see, by new-row: table.txt:3")));
  world.github.SetChecks(world.github.pulls()[0].number, {"success"});
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  EXPECT_FALSE(world.github.pulls()[0].merged);
  EXPECT_TRUE(world.github.pulls()[0].draft);
}

TEST(Guard, ATemplateMayAllowARuleByName) {
  World world(Automatic());
  world.ChangePolicy("guard/rows.toml", kRowRule);
  std::string text = Automatic();
  const auto allowing = [&](const std::string& name) {
    std::string allows = text;
    return allows.replace(text.find("[guard]\n"), 8, "[guard]\nallow = [\"" + name + "\"]\n");
  };
  EXPECT_EQ(world.ChangePolicy("templates/scenario.toml", allowing("new-rows")),
            ReloadOutcome::kRefused)
      << "a name that no rule has is a mistake";
  EXPECT_EQ(world.ChangePolicy("templates/scenario.toml", allowing("new-row")),
            ReloadOutcome::kChanged);
  Fail(world);
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_FALSE(world.github.pulls()[0].draft);
}

TEST(Guard, AChangeThatWouldTellASecretIsNotOpened) {
  std::string text = World::DefaultTemplate();
  text.replace(text.find("[change]\n"), 9,
               "[change]\nbody = \"Use ghp_" + std::string(36, 'a') + "\"\n");
  World world(text);
  Fail(world);
  EXPECT_EQ(world.OnlyTask().state, TaskState::kFailed);
  EXPECT_THAT(world.OnlyTask().reason, HasSubstr("refused by secret: the change's body:1"));
  EXPECT_THAT(world.github.pulls(), IsEmpty());
  EXPECT_EQ(world.OnRemote({"branch", "--list", "regreen/*"}), "") << "nothing is pushed";
}

}  // namespace
}  // namespace regreen
