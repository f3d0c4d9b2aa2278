// The base branch is red: one incident, one task; pull requests that show the same failure inherit
// it, and are run again when it is green.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// A red run that its forge tells of, and its webhook; then all the work that comes of it.
void Fail(World& world, const FakeRun& run) {
  world.clock.Advance(absl::Seconds(1));
  world.github.AddRun(run);
  EXPECT_EQ(world.Deliver(run, Cat("run-", run.id, "-", run.attempt)), 202);
  world.WorkUntilIdle();
}

FakeRun Green(FakeRun run) {
  run.conclusion = "success";
  for (FakeJob& job : run.jobs) job.conclusion = "success";
  return run;
}

// main's own run, green at the last commit that was pushed there.
void TurnGreen(World& world, std::int64_t id, const std::string& guid = "green") {
  world.clock.Advance(absl::Seconds(1));
  const FakeRun run = Green(world.FailingRun(id));
  world.github.AddRun(run);
  EXPECT_EQ(world.Deliver(run, guid), 202);
}

Task TaskOf(World& world, const std::string& run_id) {
  for (const Task& task : world.Tasks()) {
    if (task.incident.run.key.run_id == run_id) return task;
  }
  ADD_FAILURE() << "no task is of run " << run_id;
  return Task();
}

// The runs that are to be run again, or were.
std::vector<std::string> RunAgain(World& world) {
  std::vector<std::string> runs;
  for (const Task& task : world.Tasks()) {
    if (task.plan.template_name == "inherited") runs.push_back(task.incident.run.key.run_id);
  }
  return runs;
}

FakeRun WithAnotherFailure(FakeRun run) {
  std::string& log = *run.jobs[0].log;
  const std::string usual = "table.txt is out of date";
  log.replace(log.find(usual), usual.size(), "cp: error writing 'x': No space left on device");
  return run;
}

TEST(MainIsBroken, PullRequestsInheritAndOneChangeRepairsThemAll) {
  World world;
  world.PushRedCommit();
  Fail(world, world.FailingRun(1));
  for (const int id : {2, 3, 4}) Fail(world, world.PullRequestRun(Cat("topic-", id), id));

  EXPECT_EQ(world.OnlyTask().incident.run.branch, "main");
  const auto opened_by_us = [](const FakePull& p) { return p.head_branch.starts_with("regreen/"); };
  const std::vector<FakePull> pulls = world.github.pulls();
  EXPECT_EQ(std::count_if(pulls.begin(), pulls.end(), opened_by_us), 1);
  EXPECT_THAT(
      world.Decisions(),
      Contains(AllOf(StartsWith("inherited: the base branch main has the same failure"),
                     HasSubstr(world.OnlyTask().id), HasSubstr("run again when it is green")))
          .Times(3));
}

TEST(MainIsBroken, EachIsRunAgainOnceWhenMainIsGreenHoweverOftenThatIsTold) {
  World world;
  world.PushRedCommit();
  Fail(world, world.FailingRun(1));
  for (const int id : {2, 3, 4}) Fail(world, world.PullRequestRun(Cat("topic-", id), id));
  world.PushGreenCommit();
  TurnGreen(world, 5, "green");
  TurnGreen(world, 5, "green once more");
  world.Restart();
  world.WorkUntilIdle();
  TurnGreen(world, 6, "green at the same commit");
  world.WorkUntilIdle();

  EXPECT_THAT(RunAgain(world), UnorderedElementsAre("2", "3", "4"));
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  for (const int id : {2, 3, 4}) {
    EXPECT_EQ(world.github.CountRequests(Cat("POST /repos/acme/widget/actions/runs/", id, "/")), 1)
        << id;
  }
  EXPECT_EQ(TaskOf(world, "1").state, TaskState::kWatching) << "its change is open";
  EXPECT_THAT(world.Decisions(),
              Contains(StartsWith("green: the base branch main is green again")).Times(1));
}

TEST(MainIsBroken, WhatInheritedIsRunAgainAfterTheRepairWasMerged) {
  World world;
  world.PushRedCommit();
  Fail(world, world.FailingRun(1));
  Fail(world, world.PullRequestRun("topic", 2));
  const auto pulls = world.github.pulls();
  const auto ours = std::find_if(pulls.begin(), pulls.end(), [](const FakePull& pull) {
    return pull.head_branch.starts_with("regreen/");
  });
  ASSERT_NE(ours, pulls.end());
  world.github.ClosePull(ours->number, true);
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  EXPECT_EQ(TaskOf(world, "1").state, TaskState::kMerged);
  EXPECT_THAT(RunAgain(world), IsEmpty()) << "merged is not green yet";

  world.PushGreenCommit();
  TurnGreen(world, 5);
  world.WorkUntilIdle();
  EXPECT_THAT(RunAgain(world), ElementsAre("2"));
}

TEST(MainIsBroken, OnlyTheNewestRunOfAPullRequestIsRunAgain) {
  World world;
  world.PushRedCommit();
  Fail(world, world.FailingRun(1));
  Fail(world, world.PullRequestRun("topic", 2));
  Fail(world, world.PullRequestRun("topic", 3));
  world.PushGreenCommit();
  TurnGreen(world, 5);
  world.WorkUntilIdle();
  EXPECT_THAT(RunAgain(world), ElementsAre("3"));
}

TEST(MainIsBroken, TheBaseBranchTakesOverWhatAPullRequestShowedFirst) {
  World world;
  world.PushRedCommit();
  // Nobody has worked on the pull request's failure when main shows it too.
  const FakeRun first = world.PullRequestRun("topic", 2), base = world.FailingRun(1);
  world.github.AddRun(first);
  world.github.AddRun(base);
  world.github.Fail(503, 1, "POST /repos/acme/widget/pulls");
  EXPECT_EQ(world.Deliver(first, "first"), 202);
  world.WorkUntilIdle();
  EXPECT_EQ(TaskOf(world, "2").state, TaskState::kPublishing) << "the forge is away";
  EXPECT_EQ(world.Deliver(base, "base"), 202);
  world.WorkUntilIdle();

  EXPECT_EQ(TaskOf(world, "2").state, TaskState::kSuperseded);
  EXPECT_THAT(TaskOf(world, "2").reason,
              AllOf(HasSubstr("the base branch main has the same failure"),
                    HasSubstr(TaskOf(world, "1").id)));
  EXPECT_EQ(TaskOf(world, "1").state, TaskState::kWatching) << TaskOf(world, "1").reason;
  EXPECT_THAT(world.Decisions(), Contains(StartsWith("inherited: ")).Times(1));

  world.PushGreenCommit();
  TurnGreen(world, 5);
  world.WorkUntilIdle();
  EXPECT_THAT(RunAgain(world), ElementsAre("2"));
}

TEST(MainIsBroken, AnotherFailureKeepsItsOwnTask) {
  World world(
      "name = \"any\"\nstage = \"shadow\"\n[match]\nrepo = [\"acme/*\"]\n"
      "[[step]]\nrun = \"sh generate.sh > table.txt\"\n[verify]\ncommand = \"auto\"\n");
  world.PushRedCommit();
  Fail(world, world.FailingRun(1));
  Fail(world, WithAnotherFailure(world.PullRequestRun("topic", 2)));
  ASSERT_THAT(world.Tasks(), SizeIs(2));
  EXPECT_THAT(world.Decisions(), Not(Contains(StartsWith("inherited"))));
  world.PushGreenCommit();
  TurnGreen(world, 5);
  world.WorkUntilIdle();
  EXPECT_THAT(RunAgain(world), IsEmpty());
}

TEST(MainIsBroken, ARunOfAForkIsNeverRunAgain) {
  World world;
  world.PushRedCommit();
  Fail(world, world.FailingRun(1));
  FakeRun fork = world.PullRequestRun("topic", 2);
  fork.fork = true;
  Fail(world, fork);
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("dropped: the run is of a fork")));
  world.PushGreenCommit();
  TurnGreen(world, 5);
  world.WorkUntilIdle();
  EXPECT_THAT(RunAgain(world), IsEmpty());
}

TEST(MainIsBroken, AGreenMainEndsATaskThatHasNoChangeYet) {
  World world;
  world.PushRedCommit();
  world.github.Fail(503, 1, "POST /repos/acme/widget/pulls");
  Fail(world, world.FailingRun(1));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kPublishing);
  world.PushGreenCommit();
  TurnGreen(world, 5);
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded);
  EXPECT_EQ(world.OnlyTask().reason,
            "the base branch is green again at " + world.commit.substr(0, 12));
}

TEST(MainIsBroken, AGreenRunOfAnOlderCommitOrOfAnotherWorkflowEndsNothing) {
  World world;
  const std::string older = world.commit;
  world.PushRedCommit();
  Fail(world, world.FailingRun(1));
  FakeRun late = Green(world.FailingRun(5)), docs = Green(world.FailingRun(6));
  late.commit = older;
  docs.name = "Docs";
  for (const FakeRun& run : {late, docs}) {
    world.github.AddRun(run);
    world.Deliver(run, Cat("green-", run.id));
    world.WorkUntilIdle();
  }
  EXPECT_THAT(world.Decisions(), Not(Contains(StartsWith("green: "))));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
}

TEST(MainIsBroken, ATipThatSomeoneForcedThereCounts) {
  World world;
  const std::string good = world.commit;
  world.PushRedCommit();
  world.github.Fail(503, 1, "POST /repos/acme/widget/pulls");
  Fail(world, world.FailingRun(1));
  world.OnRemote({"update-ref", "refs/heads/main", good});
  world.commit = good;
  TurnGreen(world, 5);
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded);
  EXPECT_THAT(world.Decisions(), Contains(StartsWith("green: ")));
}

}  // namespace
}  // namespace regreen
