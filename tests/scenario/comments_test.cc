// Commands in comments.
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

// A pull request whose repair waits for a person; "dev" may write to the repository.
struct Held {
  World world{"hold = true\n" + World::DefaultTemplate()};
  Held() {
    world.github.SetPermission("dev", 5, "write");
    world.github.SetPermission("stranger", 5, "read");
    world.PushRedCommit();
    const FakeRun run = world.PullRequestRun("feature", 1);
    world.github.AddRun(run);
    EXPECT_EQ(world.Deliver(run), 202);
    world.WorkUntilIdle();
    EXPECT_EQ(world.OnlyTask().state, TaskState::kHeld);
  }
  std::string LastReply() {
    const auto comments = world.github.comments();
    return comments.empty() ? "" : comments.back().body;
  }
};

TEST(Comment, ApprovesTheTaskOfItsPullRequest) {
  Held at;
  EXPECT_EQ(at.world.Comment({"Looks right.\n\n/regreen approve\n"}), 202);
  at.world.WorkUntilIdle();
  EXPECT_EQ(at.world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(at.world.github.reactions(), ElementsAre("issues/comments/77 +1"));
  EXPECT_THAT(at.world.github.comments(), IsEmpty()) << "the reaction says it";
  EXPECT_THAT(at.world.TimelineOf(at.world.OnlyTask().id),
              Contains(HasSubstr("approved by hand by dev at github: comment 77")));
}

TEST(Comment, OfAStrangerIsIgnoredAndRecorded) {
  Held at;
  EXPECT_EQ(at.world.Comment({"/regreen approve", "stranger"}), 202);
  EXPECT_EQ(at.world.Comment({"/regreen stop", "nobody", 1, 78}), 202);
  at.world.WorkUntilIdle();
  EXPECT_EQ(at.world.OnlyTask().state, TaskState::kHeld);
  EXPECT_THAT(at.world.github.reactions(), IsEmpty());
  EXPECT_THAT(at.world.github.comments(), IsEmpty());
  EXPECT_THAT(at.world.Decisions(), Contains("ignored: comment 77 on acme/widget 1 by stranger: "
                                             "who may not write to the repository gives no "
                                             "commands"));
}

TEST(Comment, WhoseLoginHasAnotherOwnerNowIsAStrangers) {
  Held at;
  at.world.github.SetPermission("dev", 6, "admin");
  at.world.Comment({"/regreen approve"});
  at.world.WorkUntilIdle();
  EXPECT_EQ(at.world.OnlyTask().state, TaskState::kHeld);
}

TEST(Comment, ACommandInAQuoteIsNone) {
  Held at;
  EXPECT_EQ(at.world.Comment({"> /regreen stop\n\nPlease do not."}), 202);
  at.world.WorkUntilIdle();
  EXPECT_EQ(at.world.OnlyTask().state, TaskState::kHeld);
  EXPECT_EQ(at.world.github.CountRequests("/collaborators/"), 0) << "nothing is asked about it";
  EXPECT_THAT(at.world.Decisions(), Contains("ignored: the comment holds no command"));
}

TEST(Comment, AnEditIsNoCommand) {
  Held at;
  FakeSaid said{"/regreen stop"};
  said.action = "edited";
  at.world.Comment(said);
  at.world.WorkUntilIdle();
  EXPECT_EQ(at.world.OnlyTask().state, TaskState::kHeld);
}

TEST(Comment, DoesNothingTwiceByWhicheverHook) {
  Held at;
  at.world.Comment({"/regreen stop\n/regreen retry"}, "of-the-app");
  at.world.WorkUntilIdle();
  EXPECT_THAT(at.world.Tasks(), SizeIs(2));
  EXPECT_EQ(at.world.Comment({"/regreen stop\n/regreen retry"}, "of-the-repository"), 200);
  at.world.WorkUntilIdle();
  EXPECT_THAT(at.world.Tasks(), SizeIs(2));
  EXPECT_THAT(at.world.github.comments(), SizeIs(1));
}

TEST(Comment, IsAnsweredOnceWhenItsAnswerFailedFirst) {
  Held at;
  at.world.github.Fail(502, 1, "/issues/1/comments");
  at.world.Comment({"/regreen explain"});
  at.world.WorkUntilIdle();
  at.world.clock.Advance(absl::Hours(1));
  at.world.WorkUntilIdle();
  EXPECT_THAT(at.world.github.comments(), SizeIs(1));
  EXPECT_THAT(at.LastReply(), HasSubstr("`regenerate-table`"));
  EXPECT_THAT(at.LastReply(), HasSubstr("regreen report comment-77"));
}

TEST(Comment, StopsAndRetriesOnceAlsoWhenItsAnswerFailedFirst) {
  Held at;
  at.world.github.Fail(502, 1, "/reactions");
  at.world.Comment({"/regreen stop\n/regreen retry"});
  at.world.WorkUntilIdle();
  at.world.clock.Advance(absl::Hours(1));
  at.world.WorkUntilIdle();
  ASSERT_THAT(at.world.Tasks(), SizeIs(2));
  EXPECT_EQ(at.world.Tasks()[0].state, TaskState::kHeld) << "what it made is not what it stops";
  EXPECT_EQ(at.world.Tasks()[1].state, TaskState::kCancelled);
  EXPECT_THAT(at.world.github.reactions(), ElementsAre("issues/comments/77 +1"));
}

TEST(Comment, ThatIsNotUnderstoodGetsOneHintAndNoEcho) {
  Held at;
  at.world.Comment({"/regreen <b>@everyone</b>\n/regreen dance\n/regreen"});
  at.world.WorkUntilIdle();
  EXPECT_THAT(at.LastReply(), HasSubstr("The commands are"));
  EXPECT_THAT(at.LastReply(), Not(HasSubstr("everyone")));
  EXPECT_THAT(at.LastReply(), Not(HasSubstr("dance")));
  EXPECT_EQ(at.LastReply().find("The commands are"), at.LastReply().rfind("The commands are"));
  EXPECT_THAT(at.world.github.reactions(), ElementsAre("issues/comments/77 -1"));
}

TEST(Comment, FixMakesATaskOnTheHeadOfThePullRequest) {
  Held at;
  at.world.Comment({"/regreen stop"});
  at.world.Comment({"/regreen fix regenerate-table", "dev", 1, 78});
  at.world.WorkUntilIdle();
  ASSERT_THAT(at.world.Tasks(), SizeIs(2));
  const Task task = at.world.Tasks()[0];
  EXPECT_EQ(task.incident.run.branch, "feature");
  EXPECT_EQ(task.plan.template_name, "regenerate-table");
  EXPECT_EQ(task.state, TaskState::kHeld) << "its template asks for a person still";
  EXPECT_THAT(at.LastReply(), HasSubstr("begins once a person approves it"));
}

TEST(Comment, NamesNoTemplateThatIsNotThere) {
  Held at;
  at.world.Comment({"/regreen fix no-such-thing"});
  at.world.WorkUntilIdle();
  EXPECT_THAT(at.world.Tasks(), SizeIs(1));
  EXPECT_THAT(at.LastReply(), HasSubstr("There is no template of that name."));
  EXPECT_THAT(at.LastReply(), Not(HasSubstr("no-such-thing")));
}

TEST(Comment, WhereNoTaskIsGetsASentence) {
  World world;
  world.github.SetPermission("dev", 5, "admin");
  world.PullRequestRun("feature", 1);
  world.Comment({"/regreen retry"});
  world.WorkUntilIdle();
  ASSERT_THAT(world.github.comments(), SizeIs(1));
  EXPECT_THAT(world.github.comments()[0].body, HasSubstr("No task of regreen belongs to this"));
}

}  // namespace
}  // namespace regreen
