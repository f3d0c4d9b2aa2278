// Different results on one commit are a flake; the next failure of the kind is selected knowing
// that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string TemplateThatAsks(const std::string& conditions) {
  std::string text = World::DefaultTemplate();
  text.replace(text.find("[match]\n"), 8, "[match]\n" + conditions + "\n");
  return text;
}

FakeRun SecondAttempt(const World& world, const std::string& conclusion) {
  FakeRun again = world.FailingRun(1);
  again.attempt = 2;
  again.conclusion = conclusion;
  again.jobs[0].conclusion = conclusion;
  return again;
}

// Run 1 fails, and ends with `conclusion` at its second attempt.
void FailAndRunAgain(World& world, const std::string& conclusion) {
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  EXPECT_EQ(world.Deliver(world.FailingRun(1), "red"), 202);
  world.WorkUntilIdle();
  world.github.AddRun(SecondAttempt(world, conclusion));
  EXPECT_EQ(world.Deliver(SecondAttempt(world, conclusion), "again"), 202);
  world.WorkUntilIdle();
}

void FailOnceMore(World& world) {
  world.github.AddRun(world.FailingRun(2));
  EXPECT_EQ(world.Deliver(world.FailingRun(2), "red-2"), 202);
  world.WorkUntilIdle();
}

TEST(Flake, AGreenSecondAttemptIsARecovery) {
  World world(TemplateThatAsks("flaky = true"));
  FailAndRunAgain(world, "success");
  EXPECT_THAT(world.Decisions(),
              Contains(AllOf(StartsWith("recovered: "), HasSubstr("attempt 2"))));
  EXPECT_THAT(world.Tasks(), IsEmpty());
}

TEST(Flake, ACancelledSecondAttemptSaysNothing) {
  World world(TemplateThatAsks("flaky = true"));
  FailAndRunAgain(world, "cancelled");
  FailOnceMore(world);
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("ignored: the run's conclusion is cancelled")));
  EXPECT_THAT(world.Decisions(), Not(Contains(StartsWith("recovered"))));
  EXPECT_THAT(world.Tasks(), IsEmpty());
}

TEST(Flake, ATemplateForFlakesIsChosenTheNextTime) {
  World world(TemplateThatAsks("flaky = true"));
  FailAndRunAgain(world, "success");
  EXPECT_THAT(world.Decisions(),
              Contains(HasSubstr("the failure is not known to be flaky: it is new")));
  FailOnceMore(world);
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.incident.run.key.run_id, "2");
  EXPECT_EQ(task.incident.history.seen, 1);
  EXPECT_EQ(task.incident.history.recovered, 1);
  EXPECT_THAT(world.TimelineOf(task.id),
              Contains(HasSubstr("of 1 run with it before, 1 turned green")));
}

TEST(Flake, ATemplateForWhatIsNoFlakeIsNotChosenTheNextTime) {
  for (const std::string conclusion : {"success", "cancelled"}) {
    SCOPED_TRACE(conclusion);
    World world(TemplateThatAsks("flaky = false\nseen_at_least = 1"));
    FailAndRunAgain(world, conclusion);
    EXPECT_THAT(world.Decisions(),
                Contains(HasSubstr("was never seen before, and must be at least 1")));
    FailOnceMore(world);
    EXPECT_THAT(world.Tasks(), SizeIs(conclusion == "success" ? 0 : 1));
  }
}

TEST(Flake, AnotherRunOfTheSameCommitThatIsGreenIsAFlakeToo) {
  World world(TemplateThatAsks("flaky = true"));
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.Deliver(world.FailingRun(1), "red");
  FakeRun other = world.FailingRun(7);
  other.conclusion = "success";
  world.github.AddRun(other);
  world.WorkUntilIdle();
  world.Deliver(other, "green");
  world.WorkUntilIdle();
  EXPECT_THAT(world.Decisions(),
              Contains(AllOf(StartsWith("recovered: another run"), HasSubstr("flaky"))));
  FailOnceMore(world);
  EXPECT_EQ(world.OnlyTask().incident.history.recovered, 1);
}

TEST(Flake, AnotherWorkflowThatIsGreenSaysNothing) {
  World world(TemplateThatAsks("flaky = true"));
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.Deliver(world.FailingRun(1), "red");
  world.WorkUntilIdle();
  FakeRun other = world.FailingRun(7);
  other.name = "Docs";
  other.conclusion = "success";
  world.github.AddRun(other);
  world.Deliver(other, "green");
  world.WorkUntilIdle();
  FailOnceMore(world);
  EXPECT_THAT(world.Tasks(), IsEmpty());
}

// The webhooks of both attempts are there before the first is collected.
TEST(Flake, AFailureThatIsGreenBeforeItIsCollectedIsRememberedAndDropped) {
  World world(TemplateThatAsks("flaky = true"));
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.github.AddRun(SecondAttempt(world, "success"));
  world.Deliver(SecondAttempt(world, "success"), "again");
  world.Deliver(world.FailingRun(1), "red");
  world.WorkUntilIdle();
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("dropped: superseded: attempt 2")));
  EXPECT_THAT(world.Tasks(), IsEmpty());
  FailOnceMore(world);
  EXPECT_EQ(world.OnlyTask().incident.history.seen, 1);
  EXPECT_EQ(world.OnlyTask().incident.history.recovered, 1);
}

TEST(Flake, AMergedRepairIsRemembered) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.Deliver(world.FailingRun(1), "red");
  world.WorkUntilIdle();
  world.github.ClosePull(world.github.pulls()[0].number, true);
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  FailOnceMore(world);
  ASSERT_THAT(world.Tasks(), SizeIs(2));
  const History history = world.Tasks()[0].incident.history;
  EXPECT_EQ(history.seen, 1);
  EXPECT_EQ(history.fixed, 1);
  EXPECT_FALSE(history.flaky());
}

struct WeatherCase {
  const char* name;
  const char* line;  // of the log
  bool selected;
};

TEST(Flake, ATemplateTreatsTheClassesThatARerunHelps) {
  const WeatherCase cases[] = {
      {"resources", "cp: error writing 'x': No space left on device", true},
      {"network", "curl: (6) Could not resolve host: example.com", true},
      {"not the weather", "table.txt is out of date", false},
  };
  for (const WeatherCase& c : cases) {
    SCOPED_TRACE(c.name);
    World world(
        "name = \"weather\"\nstage = \"suggest\"\n"
        "[match]\nclass = [\"infra\", \"network\", \"timeout\", \"resources\"]\n"
        "[[step]]\nrun = \"sh generate.sh > table.txt\"\n[verify]\ncommand = \"auto\"\n");
    world.PushRedCommit();
    FakeRun run = world.FailingRun(1);
    std::string& log = *run.jobs[0].log;
    const std::string usual = "table.txt is out of date";
    log.replace(log.find(usual), usual.size(), c.line);
    world.github.AddRun(run);
    world.Deliver(run);
    world.WorkUntilIdle();
    EXPECT_THAT(world.Tasks(), SizeIs(c.selected ? 1 : 0));
  }
}

}  // namespace
}  // namespace regreen
