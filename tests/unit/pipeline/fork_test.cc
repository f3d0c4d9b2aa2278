#include "daemon/pipeline/fork.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "tests/support/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Task ForkTask() {
  Task task;
  task.id = "0123456789ab";
  task.state = TaskState::kPublishing;
  task.incident = SampleIncident();
  task.incident.run.from_fork = true;
  task.incident.run.pull_request = 7;
  task.incident.run.branch = "stranger:main";
  task.plan.template_name = "regenerate";
  task.plan.title = "Regenerate";
  task.plan.verify_command = "make check";
  Step step;
  step.run = "make all";
  task.plan.steps = {step};
  return task;
}

// Takes reports, or answers what it is told to.
struct Teller final : ForgeActions {
  StatusOr<std::string> answer = std::string("https://forge.example/c/1");
  std::vector<Report> told;
  Status Rerun(const RunKey&, std::stop_token) override { return OkStatus(); }
  StatusOr<std::string> Tell(const Report& report, std::stop_token) override {
    told.push_back(report);
    return answer;
  }
  Status MergeWhenGreen(const ChangeKey&, const std::string&, std::stop_token) override {
    return OkStatus();
  }
  StatusOr<std::vector<std::string>> Labels(const std::string&, int, std::stop_token) override {
    return std::vector<std::string>();
  }
};

struct KeptLog final : RepairLog {
  std::string kept;
  Status Note(std::string, std::string) override { return OkStatus(); }
  Status Keep(std::string, std::string bytes) override {
    kept = std::move(bytes);
    return OkStatus();
  }
  void Charge(const Spend&) override {}
};

TEST(ForkPolicy, NamesReadBack) {
  for (const std::string& name : ForkPolicyNames()) EXPECT_TRUE(ParseForkPolicy(name)) << name;
  EXPECT_FALSE(ParseForkPolicy("Run"));
  EXPECT_EQ(ForksAt({{"hub", ForkPolicy::kRun}}, "other"), ForkPolicy::kIgnore);
}

TEST(ForkPolicy, HoldsAPlanWhateverItsTemplateSays) {
  Plan plan;
  plan.stage = Stage::kAuto;
  plan.auto_merge = true;
  HoldForFork(plan);
  EXPECT_TRUE(plan.hold);
  EXPECT_FALSE(plan.auto_merge);
  EXPECT_EQ(plan.stage, Stage::kSuggest);
  plan.stage = Stage::kShadow;
  HoldForFork(plan);
  EXPECT_EQ(plan.stage, Stage::kShadow) << "never more than the template's";
}

TEST(ForkPolicy, StopsWhatIsNotAllowedAnyMore) {
  Task task = ForkTask();
  EXPECT_EQ(WhyForkStops(task, ForkPolicy::kRun), "");
  EXPECT_NE(WhyForkStops(task, ForkPolicy::kReport), "");
  EXPECT_NE(WhyForkStops(task, ForkPolicy::kIgnore), "");
  task.plan = TellOfForkPlan();
  EXPECT_EQ(WhyForkStops(task, ForkPolicy::kReport), "");
  EXPECT_NE(WhyForkStops(task, ForkPolicy::kIgnore), "");
  task.incident.run.from_fork = false;
  EXPECT_EQ(WhyForkStops(task, ForkPolicy::kIgnore), "");
}

TEST(ForkRepair, ShowsThePatchInAFenceThatItCannotClose) {
  Proof proof{SamplePatch(), "step", 2};
  proof.patch.bytes += "+```\n+@everyone <script> closes #1\n";
  const Report report = RepairReport(ForkTask(), proof);
  EXPECT_EQ(report.pull_request, 7);
  EXPECT_EQ(report.kind, ReportKind::kComment);
  EXPECT_THAT(report.body, HasSubstr("````text\ndiff --git a/table.txt b/table.txt\n"));
  EXPECT_THAT(report.body, HasSubstr("+@everyone <script> closes #1\n````\n"));
}

TEST(ForkRepair, SaysWhereALongPatchIs) {
  Proof proof{SamplePatch(), "step", 2};
  proof.patch.bytes += std::string(50'000, 'x');
  const Report report = RepairReport(ForkTask(), proof);
  EXPECT_THAT(report.body, Not(HasSubstr("xxxx")));
  EXPECT_THAT(report.body, HasSubstr("regreen task diff 0123456789ab"));
}

TEST(ForkRepair, IsToldOrKeptOrTriedAgain) {
  const Proof proof{SamplePatch(), "step", 2};
  KeptLog log;
  Teller teller;
  auto update = TellRepair(&teller, ForkTask(), proof, log, {});
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->to, TaskState::kReported);
  EXPECT_THAT(update->reason, HasSubstr("https://forge.example/c/1"));
  ASSERT_EQ(teller.told.size(), 1u);
  EXPECT_EQ(teller.told[0].marker, "0123456789ab-repair");
  EXPECT_THAT(log.kept, HasSubstr("diff --git"));

  update = TellRepair(nullptr, ForkTask(), proof, log, {});
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->to, TaskState::kReported);

  teller.answer = Unavailable("later");
  EXPECT_EQ(TellRepair(&teller, ForkTask(), proof, log, {}).status().code(),
            StatusCode::kUnavailable);
  teller.answer = PermissionDenied("no");
  update = TellRepair(&teller, ForkTask(), proof, log, {});
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->to, TaskState::kFailed);
}

}  // namespace
}  // namespace regreen
