// What becomes of an open change: nobody is to be left with one that is of no use any more.
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
using ::testing::SizeIs;

class OpenChange : public testing::Test {
 protected:
  explicit OpenChange(const std::string& text = World::DefaultTemplate()) : world(text) {}
  // A red commit on main, repaired: its change is open.
  void Open() {
    world.PushRedCommit();
    world.github.AddRun(world.FailingRun());
    world.Deliver(world.FailingRun());
    world.WorkUntil(TaskState::kWatching);
  }
  void Look(absl::Duration later = absl::Minutes(3)) {
    world.clock.Advance(later);
    world.WorkUntilIdle();
  }
  FakePull Pull() { return world.github.pulls().at(0); }
  std::string Head() { return world.OnRemote({"rev-parse", Pull().head_branch}); }
  std::vector<std::string> Comments() {
    std::vector<std::string> bodies;
    for (const FakeComment& comment : world.github.comments()) bodies.push_back(comment.body);
    return bodies;
  }
  // A commit on main that leaves the check red. `names` is what is in the list of names.
  void MoveMain(const std::string& path, const std::string& text) {
    world.repository.Git({"checkout", "--quiet", "main"});
    world.repository.Write(path, text);
    world.commit = world.repository.Commit("Go on");
    const std::string remote = world.OnRemote({"rev-parse", "--absolute-git-dir"});
    world.repository.Git({"push", "--quiet", remote, "main"});
  }

  World world;
};

TEST_F(OpenChange, IsADraftUntilItsOwnChecksAreGreen) {
  Open();
  EXPECT_TRUE(Pull().draft);
  world.github.SetChecks(1, {"success", ""});
  Look();
  EXPECT_TRUE(Pull().draft) << "one of them goes on";
  world.github.SetChecks(1, {"success", "skipped"});
  Look();
  EXPECT_FALSE(Pull().draft);
  EXPECT_THAT(world.TimelineOf(world.OnlyTask().id), Contains(HasSubstr("ready: ")).Times(1));
  const int asked = world.github.CountRequests("POST /graphql");
  Look();
  EXPECT_EQ(world.github.CountRequests("POST /graphql"), asked) << "once";
}

TEST_F(OpenChange, LeavesNoBranchBehindWhenItWasMerged) {
  Open();
  world.github.ClosePull(1, true);
  Look();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kMerged);
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
}

TEST_F(OpenChange, OfAPersonWhoDeclinedItTheBranchGoesToo) {
  Open();
  world.github.ClosePull(1, false);
  Look();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kDeclined);
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
}

TEST_F(OpenChange, ABranchThatMayNotBeDeletedHindersNothing) {
  Open();
  world.github.ClosePull(1, true);
  world.github.Fail(403, 1, "DELETE ");
  Look();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kMerged);
  EXPECT_THAT(world.RemoteBranches(), SizeIs(2));
}

TEST_F(OpenChange, IsLeftToAPersonWhoPushesToItAndSaysSoOnce) {
  Open();
  const std::string branch = Pull().head_branch;
  const std::string mine =
      world.OnRemote({"commit-tree", "-m", "Mine", "-p", branch, branch + "^{tree}"});
  world.OnRemote({"update-ref", "refs/heads/" + branch, mine});
  Look();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kYielded);
  EXPECT_EQ(Head(), mine);
  EXPECT_EQ(Pull().state, "open");
  EXPECT_THAT(Comments(), ElementsAre(HasSubstr("it is yours now")));
}

// A graveyard of changes for causes that are repaired already.
TEST_F(OpenChange, IsClosedWithAReasonWhenItsBranchIsGreenWithoutIt) {
  Open();
  MoveMain("names.txt", "b\na\n");  // someone took the name out again
  Look(absl::Minutes(31));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded) << world.OnlyTask().reason;
  EXPECT_EQ(Pull().state, "closed");
  EXPECT_THAT(Comments(), ElementsAre(HasSubstr("regreen closes this: the branch main is green")));
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
}

TEST_F(OpenChange, IsClosedWhenSomeoneElseDidTheSame) {
  Open();
  MoveMain("table.txt", world.OnRemote({"show", Pull().head_branch + ":table.txt"}) + "\n");
  Look(absl::Minutes(31));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded) << world.OnlyTask().reason;
  EXPECT_THAT(Comments(), ElementsAre(HasSubstr("has all of it already")));
}

// Works on a stale commit.
TEST_F(OpenChange, FollowsItsBranchAndIsProvenAgainThere) {
  Open();
  const std::string before = Head();
  MoveMain("about.txt", "something else\n");
  Look(absl::Minutes(5));
  EXPECT_EQ(Head(), before) << "a busy branch does not move it all day";
  Look(absl::Minutes(31));
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  EXPECT_NE(Head(), before);
  EXPECT_EQ(world.OnRemote({"rev-parse", Pull().head_branch + "^"}), world.commit);
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("rebased: main moved to")).Times(1));
  Look(absl::Minutes(31));
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("rebased: ")).Times(1));
}

TEST_F(OpenChange, IsMadeAnewWhereItsBranchChangedTheSameLines) {
  Open();
  MoveMain("names.txt", "d\nb\na\n");
  MoveMain("table.txt", "a\nb\nx\n");  // red as well, by other lines
  Look(absl::Minutes(31));
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("it is repaired anew")));
  EXPECT_EQ(world.OnRemote({"show", Pull().head_branch + ":table.txt"}), "a\nb\nd");
  EXPECT_EQ(world.OnRemote({"rev-parse", Pull().head_branch + "^"}), world.commit);
}

// "Fails CI and just sits there."
TEST_F(OpenChange, WhoseOwnChecksAreRedSaysOnceThatAPersonDecides) {
  Open();
  world.github.SetCommitChecks(Head(), {{"check", "success"}, {"lint", "failure"}});
  Look();
  Look();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.OnlyTask().reason, HasSubstr("own checks are red: lint"));
  EXPECT_TRUE(Pull().draft);
  EXPECT_THAT(Comments(), ElementsAre(HasSubstr("nothing left to try")));
}

TEST_F(OpenChange, IsNotBlamedForWhatWasRedBefore) {
  Open();
  world.github.SetCommitChecks(world.commit, {{"check", "failure"}, {"lint", "failure"}});
  world.github.SetCommitChecks(Head(), {{"check", "success"}, {"lint", "failure"}});
  Look();
  EXPECT_THAT(world.OnlyTask().reason, HasSubstr("was red before it: lint"));
  EXPECT_THAT(Comments(), IsEmpty());
}

TEST_F(OpenChange, WhoseChecksMayNotBeReadIsWatchedAllTheSame) {
  Open();
  world.github.Fail(403, 1, "/check-runs");
  Look();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.OnlyTask().reason, HasSubstr("cannot be read"));
}

// Killed between closing it and writing that down: its own closing is not taken for a person's.
TEST_F(OpenChange, ThatWasClosedBeforeACrashIsNotCountedAsDeclined) {
  Open();
  MoveMain("table.txt", world.OnRemote({"show", Pull().head_branch + ":table.txt"}) + "\n");
  world.github.Fail(503, 1, "DELETE ");  // closed already, and then it stops
  Look(absl::Minutes(31));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_EQ(Pull().state, "closed");
  world.Restart();
  Look(absl::Minutes(3));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded) << world.OnlyTask().reason;
  EXPECT_THAT(world.OnlyTask().reason, HasSubstr("has all of it already"));
  EXPECT_THAT(Comments(), SizeIs(1));
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
}

// An agent whose first repair is good for the command alone, and whose second is asked for by what
// the change's own check printed.
class Told : public OpenChange {
 protected:
  struct Teller final : public Agent {
    AgentLimits limits() const override { return {}; }
    std::string kind() const override { return "teller"; }
    std::string network() const override { return ""; }
    StatusOr<AgentReport> Repair(Workspace& workspace, const Brief& brief, const EventSink&,
                                 std::stop_token stop) override {
      texts.push_back(BriefText(brief));
      ExecSpec spec;
      spec.command = "sh generate.sh > table.txt";
      RETURN_IF_ERROR(workspace.Exec(spec, stop).status());
      return AgentReport{AgentClaim::kFinished, "done", 0, {}};
    }
    std::vector<std::string> texts;
  };
  static std::string Text() {
    std::string text = World::DefaultTemplate();
    const std::string run = "run = \"sh generate.sh > table.txt\"";
    text.replace(text.find(run), run.size(), "agent = \"teller\"\nprompt = \"prompts/compile.md\"");
    return text;
  }
  Told() : OpenChange(Text()) {
    auto owned = std::make_unique<Teller>();
    teller = owned.get();
    world.agents["teller"] = std::move(owned);
  }
  Teller* teller = nullptr;
};

TEST_F(Told, AnAgentSeesWhatTheChangesOwnChecksShowed) {
  Open();
  FakeRun own = world.FailingRun(77);
  own.commit = Head();
  own.branch = Pull().head_branch;
  own.jobs[0].id = 777;
  own.jobs[0].name = "lint";
  own.jobs[0].log = "src/a.c:3:1: error: the table has no heading\n";
  world.github.AddRun(own);
  world.github.SetCommitChecks(Head(), {{"lint", "failure"}});
  Look();
  ASSERT_GE(teller->texts.size(), 2u);
  EXPECT_THAT(teller->texts[0], testing::Not(HasSubstr("own check")));
  EXPECT_THAT(teller->texts[1], HasSubstr("The change's own check lint failed:"));
  EXPECT_THAT(teller->texts[1], HasSubstr("the table has no heading"));
  // It does the same again, so that nothing comes of it: two rounds, and no more.
  Look();
  Look();
  EXPECT_THAT(teller->texts, SizeIs(3));
  EXPECT_THAT(Comments(), ElementsAre(HasSubstr("nothing left to try")));
}

// A template with a second rung, which does better.
class SecondRung : public OpenChange {
 protected:
  static std::string Text() {
    std::string text = World::DefaultTemplate();
    const std::string verify = "[verify]";
    text.insert(
        text.find(verify),
        "[[step]]\nname = \"again\"\nrun = \"sh generate.sh > table.txt; touch extra.txt\"\n");
    const std::string paths = "paths = [\"table.txt\"]";
    text.replace(text.find(paths), paths.size(), "paths = [\"table.txt\", \"extra.txt\"]");
    return text;
  }
  SecondRung() : OpenChange(Text()) {}
};

TEST_F(SecondRung, IsClimbedWhenTheChangesOwnChecksAreRed) {
  Open();
  const std::string before = Head();
  world.github.SetCommitChecks(before, {{"lint", "failure"}});
  Look();
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  EXPECT_NE(Head(), before);
  EXPECT_THAT(world.OnRemote({"ls-tree", "--name-only", Pull().head_branch}),
              HasSubstr("extra.txt"));
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("own-checks: ")).Times(1));
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
}

}  // namespace
}  // namespace regreen
