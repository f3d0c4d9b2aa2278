// Ladders of all kinds of rungs: running again, commands, agents, reports and chains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "adapters/agent/registry.h"
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
using ::testing::StartsWith;

constexpr char kRepair[] =
    "[[step]]\nname = \"regenerate\"\nrun = \"sh generate.sh > table.txt\"\n";

std::string TemplateOf(const std::string& steps, const std::string& keys = "") {
  return Cat("name = \"ladder\"\ntitle = \"Regenerate the table\"\nstage = \"suggest\"\n", keys,
             "[match]\nlog = ['table\\.txt is out of date']\n", steps,
             "[verify]\ncommand = \"auto\"\n[guard]\npaths = [\"*.txt\"]\n[change]\nlabels = "
             "[\"regreen\"]\n");
}

std::string Rerun(int times, const std::string& delay = "30s") {
  return Cat("[[step]]\nname = \"again\"\nrerun = ", times, "\ndelay = \"", delay, "\"\n");
}

std::string Tell(const std::string& kind, const std::string& when = "") {
  return Cat("[[step]]\nname = \"tell\"\nreport = \"", kind,
             "\"\ntext = \"A person should look at {{repo}}.\"\n", when);
}

// A run fails on main, is delivered, and the workers do what they can at once.
void Fail(World& world, std::int64_t id = 1) {
  if (id == 1) world.PushRedCommit();
  world.github.AddRun(world.FailingRun(id));
  ASSERT_EQ(world.Deliver(world.FailingRun(id), Cat("guid-", id)), 202);
  world.WorkUntilIdle();
}

void Later(World& world, absl::Duration by) {
  world.clock.Advance(by);
  world.WorkUntilIdle();
}

// The attempt that was asked for ends, and is looked at.
void End(World& world, const std::string& conclusion) {
  world.github.FinishRun(1, conclusion);
  Later(world, absl::Minutes(2));
}

TEST(Ladder, ARunThatIsGreenAgainHasRecovered) {
  World world(TemplateOf(Rerun(2) + kRepair));
  Fail(world);
  EXPECT_EQ(world.OnlyTask().state, TaskState::kRerunning);
  EXPECT_EQ(world.github.attempts(1), 1) << "not before its delay";
  Later(world, absl::Seconds(30));
  EXPECT_EQ(world.github.attempts(1), 2);
  Later(world, absl::Minutes(2));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kRerunning) << "it goes on";
  End(world, "success");
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kRecovered) << task.reason;
  EXPECT_FALSE(task.reproduced);
  EXPECT_THAT(world.github.pulls(), IsEmpty());
  EXPECT_THAT(world.TimelineOf(task.id),
              Contains("rerun: step again: recovered: attempt 2 is green"));
}

TEST(Ladder, WhatStaysRedIsRepairedByTheNextRung) {
  World world(TemplateOf(Rerun(1) + kRepair));
  Fail(world);
  Later(world, absl::Seconds(30));
  End(world, "failure");
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_TRUE(task.reproduced);
  EXPECT_GT(task.spent.time, absl::ZeroDuration());
  EXPECT_EQ(task.ladder.run_attempt, 2);
  EXPECT_THAT(world.TimelineOf(task.id),
              Contains("rerun: step again: still-red: attempt 2 failed again"));
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("step regenerate: proven:")));
}

TEST(Ladder, EachRerunWaitsTwiceAsLong) {
  World world(TemplateOf(Rerun(2) + Tell("issue")));
  Fail(world);
  Later(world, absl::Seconds(30));
  End(world, "failure");
  Later(world, absl::Seconds(59));
  EXPECT_EQ(world.github.attempts(1), 2);
  Later(world, absl::Seconds(1));
  EXPECT_EQ(world.github.attempts(1), 3);
  End(world, "failure");
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kReported) << task.reason;
  ASSERT_THAT(world.github.issues(), SizeIs(1));
  const FakeIssue issue = world.github.issues()[0];
  EXPECT_THAT(issue.labels, ElementsAre("regreen"));
  EXPECT_THAT(issue.body, StartsWith("A person should look at acme/widget."));
  EXPECT_THAT(issue.body, HasSubstr("- `again`: **still-red**. attempt 3 failed again"));
  EXPECT_THAT(task.reason, HasSubstr("https://github.example/acme/widget/issues/"));
}

TEST(Ladder, SomeoneElsesAttemptIsLeftToThem) {
  World world(TemplateOf(Rerun(2) + kRepair));
  Fail(world);
  Later(world, absl::Seconds(30));
  world.github.FinishRun(1, "failure");
  FakeRun theirs = world.FailingRun(1);
  theirs.attempt = 3;
  theirs.status = "in_progress";
  theirs.conclusion.clear();
  world.github.AddRun(theirs);
  Later(world, absl::Minutes(2));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded);
}

TEST(Ladder, WhatTheBranchLeftBehindIsNotRunAgain) {
  World world(TemplateOf(Rerun(2) + kRepair));
  Fail(world);
  world.clock.Advance(absl::Seconds(30));
  world.PushRedCommit();
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kSuperseded);
  EXPECT_EQ(world.github.attempts(1), 1);
}

TEST(Ladder, AFlakeIsReportedWithItsHistory) {
  World world(TemplateOf(Rerun(1, "0s") + Tell("comment", "when = { after = [\"recovered\"] }\n")));
  Fail(world);
  End(world, "success");
  ASSERT_EQ(world.OnlyTask().state, TaskState::kRecovered);
  FakeRun green = world.FailingRun(1);
  green.attempt = 2;
  green.conclusion = "success";
  EXPECT_EQ(world.Deliver(green, "green"), 202);
  world.WorkUntilIdle();

  Fail(world, 2);
  world.github.FinishRun(2, "success");
  Later(world, absl::Minutes(2));
  ASSERT_THAT(world.Tasks(), SizeIs(2));
  const Task task = world.Tasks()[0];
  EXPECT_EQ(task.state, TaskState::kRecovered);
  EXPECT_THAT(task.reason, HasSubstr("was seen in 1 run before, of which 1 recovered"));
  ASSERT_THAT(world.github.comments(), SizeIs(2));
  EXPECT_EQ(world.github.comments()[1].commit, world.commit);
  EXPECT_THAT(world.github.comments()[1].body,
              HasSubstr("seen in 1 run before; 1 of them recovered at the same commit, so it is "
                        "flaky"));
}

void AddAgent(World& world, const std::string& command, double price = 0.25) {
  AgentOptions options;
  options.name = "shell";
  options.kind = "command";
  options.command = command;
  options.price_usd = price;
  auto agent = CreateAgent(options);
  ASSERT_TRUE(agent.ok()) << agent.status();
  world.agents["shell"] = *std::move(agent);
}

// A task whose plan is changed in ways that one template alone cannot say.
Task WorkOn(World& world, const std::function<void(Plan&)>& change) {
  Fail(world);
  const Task held = world.OnlyTask();
  EXPECT_EQ(held.state, TaskState::kHeld);
  Plan plan = held.plan;
  plan.hold = false;
  change(plan);
  EXPECT_TRUE(world.store().Move(held.id, TaskState::kCancelled, "for the test").ok());
  const auto id = world.store().CreateTask(held.incident, plan, false, "by the test");
  EXPECT_TRUE(id.ok()) << id.status();
  world.WorkUntilIdle();
  return world.store().ReadTask(*id).value();
}

Step Agent(int rounds) {
  Step think;
  think.kind = StepKind::kAgent;
  think.name = "think";
  think.agent = "shell";
  think.text = "Repair table.txt.";
  think.rounds = rounds;
  return think;
}

constexpr char kHold[] = "hold = true\n";

TEST(Ladder, AnAgentLearnsFromItsFirstPatch) {
  World world(TemplateOf(kRepair, kHold));
  AddAgent(world,
           "brief=$(cat); case \"$brief\" in *'Round 1'*'out of date'*) "
           "sh generate.sh > table.txt;; *) echo wrong > table.txt;; esac");
  const Task task = WorkOn(world, [](Plan& plan) { plan.steps = {Agent(3)}; });
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_THAT(world.OnRemote({"show", world.github.pulls()[0].head_branch + ":table.txt"}),
              StartsWith("a\nb\nc"));
  EXPECT_DOUBLE_EQ(task.spent.usd, 0.5);
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("still red: with the patch of step")));
}

// While it works, a person ends its task.
struct Interrupted final : ::regreen::Agent {
  explicit Interrupted(World& w) : world(w) {}
  AgentLimits limits() const override { return {}; }
  std::string kind() const override { return "interrupted"; }
  StatusOr<AgentReport> Repair(Workspace&, const Brief&, const EventSink& events,
                               std::stop_token) override {
    const Task task = world.Tasks().front();
    EXPECT_TRUE(world.store().Move(task.id, TaskState::kCancelled, "enough").ok());
    AgentEvent event;
    event.text = "too late\n";
    events(event);
    return AgentReport{AgentClaim::kFinished, "done", 0.25, {}};
  }
  World& world;
};

TEST(Ladder, WhatAnAgentSpentIsKnownOfATaskThatAPersonEndedMeanwhile) {
  World world(TemplateOf(kRepair, kHold));
  world.agents["shell"] = std::make_unique<Interrupted>(world);
  const Task task = WorkOn(world, [](Plan& plan) { plan.steps = {Agent(3)}; });
  EXPECT_EQ(task.state, TaskState::kCancelled);
  EXPECT_EQ(task.reason, "enough");
  EXPECT_DOUBLE_EQ(task.spent.usd, 0.25);
  EXPECT_GT(task.spent.time, absl::ZeroDuration()) << "of its reproduction, too";
  EXPECT_DOUBLE_EQ(world.store().ReadTemplateRecord(task.plan.template_name)->usd, 0.25);
}

TEST(Ladder, WhatAnAgentGivesUpIsReported) {
  World world(TemplateOf(kRepair, kHold));
  AddAgent(world, "echo 'regreen: gave up: <b>no idea</b> @everyone'");
  Step tell;
  tell.kind = StepKind::kReport;
  tell.name = "tell";
  tell.when.after = {StepOutcome::kGaveUp};
  const Task task = WorkOn(world, [&](Plan& plan) { plan.steps = {Agent(3), tell}; });
  EXPECT_EQ(task.state, TaskState::kReported) << task.reason;
  ASSERT_THAT(world.github.comments(), SizeIs(1));
  const std::string body = world.github.comments()[0].body;
  EXPECT_THAT(body, HasSubstr("- `think`: **gave-up**. gave up: (b)no idea(/b) (at)everyone"));
  EXPECT_THAT(body, Not(HasSubstr("@")));
  EXPECT_DOUBLE_EQ(task.spent.usd, 0.25);
  EXPECT_EQ(*world.store().ReadArtifact(task.id, "step-think.log"),
            "regreen: gave up: <b>no idea</b> @everyone\n");
}

TEST(Ladder, ATemplateGoesOnFromAnothersPatch) {
  World world(TemplateOf(kRepair, kHold));
  const Task task = WorkOn(world, [](Plan& plan) {
    plan.outputs = {{"lines", ValueType::kInt, {}, "", 20}};
    plan.steps[0].run += "; echo lines=$(wc -l < table.txt) >> \"$REGREEN_OUTPUT\"";
    ChainLink link;
    link.template_name = "changelog";
    link.steps = {{"note", "test -s table.txt; echo \"$REGREEN_INPUT_LINES lines\" > notes.txt",
                   absl::Minutes(1)}};
    link.from_outputs = {{"LINES", "lines"}};
    plan.then = {link};
  });
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  const std::string branch = world.github.pulls()[0].head_branch;
  EXPECT_EQ(world.OnRemote({"diff", "--name-only", world.commit, branch}), "notes.txt\ntable.txt");
  EXPECT_EQ(world.OnRemote({"show", branch + ":notes.txt"}), "3 lines");
  EXPECT_EQ(world.OnRemote({"rev-parse", branch + "^"}), world.commit) << "one commit";
  EXPECT_EQ(*world.store().ReadArtifact(task.id, "outputs"), R"({"lines":"3"})");
}

TEST(Ladder, AShadowWritesNothing) {
  std::string text = TemplateOf(Rerun(2) + Tell("issue") + kRepair);
  text.replace(text.find("suggest"), 7, "shadow");
  World world(text);
  Fail(world);
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kShadowed) << task.reason;
  EXPECT_EQ(world.github.attempts(1), 1);
  EXPECT_EQ(world.github.CountRequests("POST"), 0);
  EXPECT_EQ(world.github.CountRequests("PUT"), 0);
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
  EXPECT_THAT(world.TimelineOf(task.id),
              Contains("note: step again would have run the failed jobs again"));
  EXPECT_THAT(*world.store().ReadArtifact(task.id, "report"),
              HasSubstr("A person should look at acme/widget."));
}

TEST(Ladder, APatchInReviewWaitsForAPerson) {
  World world(TemplateOf(kRepair, "review = true\n"));
  Fail(world);
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kReviewing);
  EXPECT_THAT(world.RemoteBranches(), ElementsAre("main"));
  EXPECT_THAT(*world.store().ReadArtifact(task.id, "request"), HasSubstr("Regenerate the table"));
  ASSERT_TRUE(world.store().Move(task.id, TaskState::kPublishing, "approved").ok());
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
}

TEST(Ladder, AHeldTaskDoesNothingUntilAPersonAgrees) {
  World world(TemplateOf(kRepair, kHold));
  Fail(world);
  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kHeld);
  ASSERT_TRUE(world.store().Move(task.id, TaskState::kQueued, "approved").ok());
  world.WorkUntilIdle();
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
}

TEST(Ladder, ADaemonThatStartsAgainRunsNothingTwice) {
  World world(TemplateOf(Rerun(1) + kRepair));
  Fail(world);
  world.Restart();
  Later(world, absl::Seconds(30));
  EXPECT_EQ(world.github.attempts(1), 2);
  world.Restart();
  Later(world, absl::Minutes(2));
  EXPECT_EQ(world.github.attempts(1), 2);
  world.github.FinishRun(1, "failure");
  world.Restart();
  Later(world, absl::Minutes(2));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_EQ(world.github.attempts(1), 2);
  EXPECT_THAT(world.github.pulls(), SizeIs(1));
}

TEST(Ladder, AChangeOfAnAutomaticTemplateMergesWhenItIsGreen) {
  std::string text = TemplateOf(kRepair);
  text.replace(text.find("suggest"), 7, "auto");
  text.replace(text.find("[change]\n"), 9, "[change]\nauto_merge = true\n");
  World world(text);
  Fail(world);
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  const std::int64_t number = world.github.pulls()[0].number;
  EXPECT_FALSE(world.github.pulls()[0].draft);
  EXPECT_EQ(world.OnlyTask().state, TaskState::kWatching);
  EXPECT_THAT(world.OnlyTask().reason, HasSubstr("none of its checks has begun"));
  world.github.SetChecks(number, {"success"});
  Later(world, absl::Minutes(2));
  EXPECT_TRUE(world.github.pulls()[0].merged);
  Later(world, absl::Minutes(2));
  EXPECT_EQ(world.OnlyTask().state, TaskState::kMerged);
}

}  // namespace
}  // namespace regreen
