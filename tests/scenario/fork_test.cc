// Pull requests from forks: anyone's code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

void Fail(World& world, const FakeRun& run) {
  world.github.AddRun(run);
  EXPECT_EQ(world.Deliver(run, Cat("guid-", run.id)), 202);
  world.WorkUntilIdle();
}

std::string WithNetwork() {
  return Cat(World::DefaultTemplate(), "[workspace]\nnetwork = [\"packages\"]\n");
}

TEST(Fork, IsLeftAloneUnlessTheConfigurationSaysOtherwise) {
  World world;
  Fail(world, world.ForkRun(1));
  EXPECT_THAT(world.Tasks(), IsEmpty());
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("dropped: the run is of a fork")));
  EXPECT_EQ(world.github.CountRequests("/pulls"), 0) << "nothing more is asked about it";
}

TEST(Fork, AReportIsACommentAndRunsNoneOfItsCode) {
  World world;
  world.SetForks(ForkPolicy::kReport);
  Fail(world, world.ForkRun(1));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kReported) << world.OnlyTask().reason;
  EXPECT_THAT(world.opened, IsEmpty());
  ASSERT_THAT(world.github.comments(), SizeIs(1));
  const FakeComment comment = world.github.comments()[0];
  EXPECT_EQ(comment.number, 1);
  EXPECT_THAT(comment.body, HasSubstr("table.txt is out of date"));
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));

  Fail(world, world.ForkRun(2));
  EXPECT_THAT(world.github.comments(), SizeIs(1)) << "the same failure of it is told once a day";
}

TEST(Fork, AStrangersFailuresAreToldOnlySoOften) {
  World world;
  world.SetForks(ForkPolicy::kReport);
  for (int id = 1; id <= 9; ++id) {
    FakeRun run = world.ForkRun(id);
    run.jobs[0].log =
        Cat("main.cc:1:2: error: 'name", std::string(static_cast<std::size_t>(id), 'x'),
            "' was not declared\n##[error]Process completed with exit code 2.\n");
    Fail(world, run);
  }
  EXPECT_THAT(world.github.comments(), SizeIs(5)) << "in an hour";
}

TEST(Fork, IsWorkedOnBehindAPersonsApprovalAndTheRepairIsTold) {
  World world;
  world.SetForks(ForkPolicy::kRun);
  const FakeRun run = world.ForkRun(1);
  Fail(world, run);
  EXPECT_EQ(world.OnlyTask().state, TaskState::kHeld) << "whatever the template says";
  EXPECT_THAT(world.opened, IsEmpty());
  EXPECT_THAT(world.github.comments(), IsEmpty());

  ASSERT_TRUE(world.store().Move(world.OnlyTask().id, TaskState::kQueued, "a person").ok());
  world.WorkUntilIdle();
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kReported) << task.reason;
  EXPECT_THAT(world.opened, SizeIs(3)) << "to reproduce, to repair, to verify";
  EXPECT_THAT(world.opened, Each(Field(&WorkspaceSpec::of_fork, true)));
  EXPECT_THAT(world.opened, Each(Field(&WorkspaceSpec::commit, run.commit)));
  ASSERT_THAT(world.github.comments(), SizeIs(1));
  EXPECT_EQ(world.github.comments()[0].number, 1);
  EXPECT_THAT(world.github.comments()[0].body, HasSubstr("diff --git a/table.txt b/table.txt"));
  EXPECT_THAT(world.github.comments()[0].body, HasSubstr("Nothing was pushed."));
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
  EXPECT_THAT(world.github.pulls(), SizeIs(1)) << "the fork's own";
}

TEST(Fork, AnApprovalThatComesTooLateRunsNothing) {
  World world;
  world.SetForks(ForkPolicy::kRun);
  Fail(world, world.ForkRun(1));
  world.ForkRun(2);  // one more commit, before anyone looked
  ASSERT_TRUE(world.store().Move(world.OnlyTask().id, TaskState::kQueued, "a person").ok());
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded);
  EXPECT_THAT(world.opened, IsEmpty());
}

TEST(Fork, ATaskStopsWhenTheConfigurationDoesNotAllowItAnyMore) {
  World world;
  world.SetForks(ForkPolicy::kRun);
  Fail(world, world.ForkRun(1));
  ASSERT_TRUE(world.store().Move(world.OnlyTask().id, TaskState::kQueued, "a person").ok());
  world.SetForks(ForkPolicy::kReport);
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded);
  EXPECT_THAT(world.opened, IsEmpty());
}

TEST(Fork, GetsNoNetworkThatIsNotForForks) {
  World closed(WithNetwork());
  closed.SetForks(ForkPolicy::kRun);
  Fail(closed, closed.ForkRun(1));
  EXPECT_THAT(closed.Tasks(), IsEmpty());
  EXPECT_THAT(closed.Decisions(), Contains(HasSubstr("which is not for a fork's code")));

  World open(WithNetwork());
  open.SetForks(ForkPolicy::kRun, {"packages"});
  Fail(open, open.ForkRun(1));
  EXPECT_EQ(open.OnlyTask().state, TaskState::kHeld);
}

TEST(Fork, ItsFailureStandsForNoneOfTheRepositorysOwn) {
  World world;
  world.SetForks(ForkPolicy::kReport);
  Fail(world, world.ForkRun(1));
  ASSERT_THAT(world.Tasks(), SizeIs(1));
  world.PushRedCommit();
  Fail(world, world.FailingRun(2));
  ASSERT_THAT(world.Tasks(), SizeIs(2)) << "it is repaired for itself";
  EXPECT_EQ(world.Tasks()[0].state, TaskState::kWatching) << world.Tasks()[0].reason;
  EXPECT_EQ(world.Tasks()[0].incident.history.seen, 0)
      << "a stranger's runs are no history of ours";
}

TEST(Fork, ABranchCalledMainIsNotOurMain) {
  World world(
      Cat("name = \"main-only\"\ntitle = \"t\"\nstage = \"suggest\"\n[match]\nbranch = "
          "\"main\"\n[[step]]\nrun = \"sh generate.sh > table.txt\"\n[verify]\ncommand = "
          "\"auto\"\n"));
  world.SetForks(ForkPolicy::kRun);
  Fail(world, world.ForkRun(1));
  EXPECT_THAT(world.Tasks(), IsEmpty());
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("stranger:main")));
}

TEST(Fork, ARunOfNoOpenPullRequestIsLeftAlone) {
  struct Case {
    const char* name;
    void (*change)(World&, FakeRun&);
  };
  const Case cases[] = {
      {"a push", [](World&, FakeRun& run) { run.event = "push"; }},
      {"of the base's own code", [](World&, FakeRun& run) { run.event = "pull_request_target"; }},
      {"closed", [](World& world, FakeRun&) { world.github.ClosePull(1, false); }},
      {"gone on", [](World& world, FakeRun&) { world.ForkRun(2); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    World world;
    world.SetForks(ForkPolicy::kRun);
    FakeRun run = world.ForkRun(1);
    c.change(world, run);
    Fail(world, run);
    EXPECT_THAT(world.Tasks(), IsEmpty());
    EXPECT_THAT(world.Decisions(), Contains(HasSubstr("dropped: superseded")));
  }
}

}  // namespace
}  // namespace regreen
