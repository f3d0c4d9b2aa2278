// One red run becomes one pull request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(MainJob, ARedRunBecomesOnePullRequestWithAProof) {
  World world;
  world.PushRedCommit();
  const FakeRun run = world.FailingRun();
  world.github.AddRun(run);

  EXPECT_EQ(world.Deliver(run), 202);
  world.WorkUntilIdle();

  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  const FakePull pull = world.github.pulls()[0];
  EXPECT_EQ(pull.title, "Regenerate the table");
  EXPECT_TRUE(pull.draft) << "a template that suggests opens a draft";
  EXPECT_EQ(pull.base, "main");
  EXPECT_THAT(pull.labels, ElementsAre("regreen"));
  EXPECT_THAT(pull.body, HasSubstr("sh check.sh"));
  EXPECT_THAT(world.OnRemote({"show", pull.head_branch + ":table.txt"}),
              testing::StartsWith("a\nb\nc"));
  EXPECT_EQ(world.OnRemote({"rev-parse", pull.head_branch + "^"}), world.commit)
      << "one commit on the red one";
  EXPECT_EQ(world.OnRemote({"diff", "--name-only", world.commit, pull.head_branch}), "table.txt");
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("reproduced: red")));
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("verified: green")));
}

TEST(MainJob, AMergedPullRequestEndsTheTask) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  world.github.ClosePull(world.github.pulls()[0].number, true);
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kMerged);
}

TEST(MainJob, AClosedPullRequestIsDeclined) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  world.github.ClosePull(world.github.pulls()[0].number, false);
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kDeclined);
}

TEST(MainJob, ACommitByAPersonOnTheBranchIsTheirs) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  const std::string branch = world.github.pulls()[0].head_branch;
  const std::string mine =
      world.OnRemote({"commit-tree", "-m", "Mine", "-p", branch, branch + "^{tree}"});
  world.OnRemote({"update-ref", "refs/heads/" + branch, mine});
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kYielded);
  EXPECT_EQ(world.OnRemote({"rev-parse", branch}), mine);
}

TEST(Duplicates, TheSameDeliveryTwiceIsOneTask) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  EXPECT_EQ(world.Deliver(world.FailingRun()), 202);
  EXPECT_EQ(world.Deliver(world.FailingRun()), 200);
  world.WorkUntilIdle();
  EXPECT_EQ(world.Deliver(world.FailingRun()), 200);
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), SizeIs(1));
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
}

TEST(Duplicates, TheSameFailureInAnotherRunIsAnOccurrence) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun(1));
  world.github.AddRun(world.FailingRun(2));
  world.Deliver(world.FailingRun(1), "guid-1");
  world.Deliver(world.FailingRun(2), "guid-2");
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), SizeIs(1));
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("occurrence")));
}

TEST(Restarts, ADaemonThatStartsAgainGoesOn) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.Restart();
  world.WorkUntilIdle();
  world.Restart();
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
}

TEST(Shadow, DoesEverythingButPublish) {
  std::string text = World::DefaultTemplate();
  text.replace(text.find("suggest"), 7, "shadow");
  World world(text);
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kShadowed);
  EXPECT_THAT(world.github.pulls(), IsEmpty());
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
  EXPECT_THAT(*world.store().ReadArtifact(task.id, "request"), HasSubstr("Regenerate the table"));
}

}  // namespace
}  // namespace regreen
