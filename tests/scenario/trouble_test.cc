// What is dropped, what is waited for, and what ends a task with a sentence.
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

struct DropCase {
  const char* name;
  void (*change)(World&, FakeRun&);
  const char* says;
};

TEST(Drops, EachLeavesADecisionAndNoTask) {
  const DropCase cases[] = {
      {"the run is green by now", [](World&, FakeRun& run) { run.conclusion = "success"; },
       "success"},
      {"the branch moved on",
       [](World& world, FakeRun&) {
         world.clock.Advance(absl::Seconds(5));
         world.PushRedCommit();
       },
       "superseded"},
      {"a fork", [](World&, FakeRun& run) { run.fork = true; }, "fork"},
      {"none of its jobs failed", [](World&, FakeRun& run) { run.jobs[0].conclusion = "success"; },
       "none of its jobs"},
      {"its log is gone", [](World&, FakeRun& run) { run.jobs[0].log_status = 410; }, "no log"},
  };
  for (const DropCase& c : cases) {
    SCOPED_TRACE(c.name);
    World world;
    world.PushRedCommit();
    FakeRun run = world.FailingRun();
    const FakeRun delivered = run;
    c.change(world, run);
    world.github.AddRun(run);
    EXPECT_EQ(world.Deliver(delivered), 202);
    for (int wait = 0; wait < 12; ++wait) {
      world.WorkUntilIdle();
      world.clock.Advance(absl::Minutes(40));
    }
    EXPECT_THAT(world.Tasks(), IsEmpty());
    EXPECT_THAT(world.Decisions(), Contains(HasSubstr(c.says)));
    EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
  }
}

TEST(Drops, AGreenRunThatNothingWaitsForEndsWithoutACall) {
  World world;
  FakeRun run = world.FailingRun();
  run.conclusion = "success";
  EXPECT_EQ(world.Deliver(run), 202);
  EXPECT_EQ(world.WorkUntilIdle(), 1);
  EXPECT_THAT(world.github.requests(), IsEmpty());
  EXPECT_THAT(world.Decisions(), ElementsAre("ignored: the run's conclusion is success, and "
                                             "nothing waits for it"));
}

TEST(Select, NoTemplateIsADecisionThatSaysWhyNot) {
  std::string text = World::DefaultTemplate();
  text.replace(text.find("[match]\n"), 8, "[match]\nbranch = [\"release/*\"]\n");
  World world(text);
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), IsEmpty());
  EXPECT_THAT(world.Decisions(),
              Contains(testing::AllOf(HasSubstr("unmatched"), HasSubstr("release/*"))));
}

TEST(Select, AFailureWithoutAWordIsNamedByItsPlace) {
  std::string text = World::DefaultTemplate();
  const std::string log = "log = ['table\\.txt is out of date']\n";
  text.replace(text.find(log), log.size(), "");
  World world(text);
  world.PushRedCommit();
  FakeRun run = world.FailingRun();
  run.jobs[0].name = "check (3.11)";
  run.jobs[0].log = "all is well\n";
  world.github.AddRun(run);
  world.Deliver(run);
  world.WorkUntilIdle();
  const Evidence evidence = world.OnlyTask().incident.evidence;
  EXPECT_EQ(evidence.failure_class, FailureClass::kUnknown);
  EXPECT_EQ(evidence.signature, "CI: check — Run the check");
  EXPECT_EQ(evidence.fingerprint.size(), 64u);
}

TEST(Forge, AnOutageIsWaitedFor) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.github.Fail(503, 2);
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), IsEmpty());
  for (int wait = 0; wait < 4; ++wait) {
    world.clock.Advance(absl::Minutes(1));
    world.WorkUntilIdle();
  }
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
}

TEST(Forge, APullRequestThatCouldNotBeOpenedIsTriedAgainOnTheSameBranch) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.github.Fail(500, 1, "POST /repos/acme/widget/pulls");
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kPublishing);
  EXPECT_EQ(world.OnlyTask().attempt, 2);
  world.clock.Advance(absl::Minutes(1));
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_THAT(world.RemoteBranches(), SizeIs(2));
}

TEST(Forge, ARateLimitIsObeyed) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  HttpResponse limited;
  limited.status = 429;
  limited.headers = {{"retry-after", "600"}};
  limited.body = "{\"message\":\"slow down\"}";
  world.github.Fail(limited);
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  world.clock.Advance(absl::Minutes(9));
  EXPECT_EQ(world.WorkUntilIdle(), 0) << "not before it allowed";
  world.clock.Advance(absl::Minutes(2));
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
}

TEST(Repair, AFailureThatIsNotThereSpendsNothing) {
  World world;
  world.github.AddRun(world.FailingRun());  // the first commit's check is green
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kUnreproducible);
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
}

TEST(Repair, AStepThatCheatsIsRefused) {
  std::string text = World::DefaultTemplate();
  const std::string honest = "sh generate.sh > table.txt";
  text.replace(text.find(honest), honest.size(), "echo exit 0 > check.sh");
  World world(text);
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kFailed);
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("refused by paths")));
  EXPECT_THAT(world.github.pulls(), IsEmpty());
}

TEST(Publish, ARunThatTurnedGreenMeanwhileIsSuperseded) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.github.Fail(500, 1, "POST /repos/acme/widget/pulls");
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  FakeRun again = world.FailingRun();
  again.attempt = 2;
  again.conclusion = "success";
  world.github.AddRun(again);
  world.clock.Advance(absl::Minutes(1));
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded);
  EXPECT_THAT(world.github.pulls(), IsEmpty());
}

TEST(Publish, ABranchOfSomeoneElseIsLeftAlone) {
  World world;
  world.PushRedCommit();
  world.github.AddRun(world.FailingRun());
  world.Deliver(world.FailingRun());
  world.WorkUntilIdle();
  const std::string branch = world.github.pulls()[0].head_branch;
  // The same name, taken by a person; then the same failure once more.
  world.github.ClosePull(world.github.pulls()[0].number, false);
  world.clock.Advance(absl::Minutes(3));
  world.WorkUntilIdle();
  const std::string mine =
      world.OnRemote({"commit-tree", "-m", "Mine", "-p", "main", "main^{tree}"});
  world.OnRemote({"update-ref", "refs/heads/" + branch, mine});
  world.github.AddRun(world.FailingRun(2));
  world.Deliver(world.FailingRun(2), "guid-2");
  world.WorkUntilIdle();
  EXPECT_EQ(world.Tasks()[0].state, TaskState::kYielded);
  EXPECT_EQ(world.OnRemote({"rev-parse", branch}), mine);
}

}  // namespace
}  // namespace regreen
