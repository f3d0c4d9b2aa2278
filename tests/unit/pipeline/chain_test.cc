#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_workspace.h"
#include "tests/support/samples.h"
#include "tests/unit/pipeline/pipeline_fixture.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Kind = RepairOutcome::Kind;

// A first repair and what goes on from it, by the commands that were run last in a workspace.
class ChainTest : public testing::Test {
 protected:
  ChainTest() {
    ChainLink link;
    link.template_name = "changelog";
    link.steps = {{"note", "write note", absl::Minutes(1)}};
    link.setup = {"get ready"};
    task.plan.then = {link};
    workspaces.on_exec = [this](const ExecSpec& spec, bool patched) {
      if (spec.command == "make table") workspaces.captured = SamplePatch("table.txt");
      if (spec.command == "write note") workspaces.captured = combined;
      return FakeWorkspaces::Exit(spec.command == "make check" && !patched ? 2 : 0);
    };
  }
  StatusOr<RepairOutcome> Climb() {
    return Repairer({&workspaces, SampleGuard(), nullptr, nullptr})
        .Repair(task, MirrorAt("/mirror"), {}, log, {});
  }

  FakeWorkspaces workspaces;
  Task task = SampleTask();
  Notes log;
  StatusOr<Patch> combined = SamplePatch("notes.txt");
  int checks = 0;
};

TEST_F(ChainTest, TheWholeIsProven) {
  const auto outcome = Climb();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->kind, Kind::kProven);
  EXPECT_EQ(outcome->proof.patch.digest, combined->digest);
  EXPECT_EQ(outcome->proof.step, "regenerate");
  ASSERT_THAT(workspaces.opened, SizeIs(5));
  EXPECT_THAT(workspaces.opened[3]->commands, ElementsAre("get ready", "write note"));
  EXPECT_TRUE(workspaces.opened[3]->patched) << "it goes on from the proven patch";
  EXPECT_THAT(workspaces.opened[4]->commands, ElementsAre("make check"));
  EXPECT_THAT(log.notes, Contains(HasSubstr("step changelog.note: proven:")));
}

TEST_F(ChainTest, ALinkThatChangesNothingKeepsTheEarlierProof) {
  combined = SamplePatch("table.txt");
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kProven);
  EXPECT_EQ(outcome->proof.patch.digest, SamplePatch("table.txt").digest);
  EXPECT_THAT(workspaces.opened, SizeIs(4));
  EXPECT_THAT(log.notes, Contains(HasSubstr("template changelog, which goes on from step "
                                            "regenerate, changed nothing")));
}

TEST_F(ChainTest, ALinkThatBreaksTheRepairIsTheRungsOutcome) {
  workspaces.on_exec = [this](const ExecSpec& spec, bool patched) {
    if (spec.command == "make table") workspaces.captured = SamplePatch("table.txt");
    if (spec.command == "write note") workspaces.captured = combined;
    if (spec.command != "make check") return FakeWorkspaces::Exit(0);
    return FakeWorkspaces::Exit(patched && ++checks == 1 ? 0 : 2);
  };
  const auto outcome = Climb();
  EXPECT_EQ(outcome->kind, Kind::kFailed);
  EXPECT_EQ(outcome->ladder.last, StepOutcome::kStillRed);
  EXPECT_THAT(log.notes,
              Contains(HasSubstr("step regenerate: still-red: was a repair, but template "
                                 "changelog after it made a patch")));
}

TEST_F(ChainTest, ALinkWhosePatchIsRefusedIsTheRungsOutcome) {
  combined = SamplePatch(".github/workflows/ci.yml");
  EXPECT_EQ(Climb()->ladder.last, StepOutcome::kRefused);
}

TEST_F(ChainTest, ALinkThatUndoesTheRepairIsRefused) {
  combined = Patch();
  EXPECT_EQ(Climb()->ladder.last, StepOutcome::kRefused);
}

TEST_F(ChainTest, InputsOfALinkComeFromOutputs) {
  task.plan.outputs = {{"version", ValueType::kString, {}, "", 20}};
  task.plan.then[0].from_outputs = {{"RELEASE", "version"}};
  task.plan.then[0].inputs = {{"RELEASE", "1", true, "default"}};
  std::vector<std::pair<std::string, std::string>> env;
  bool written = true;
  workspaces.on_exec = [&](const ExecSpec& spec, bool patched) {
    if (spec.command.find("make table") != std::string::npos)
      workspaces.captured = SamplePatch("table.txt");
    if (spec.command.find("write note") != std::string::npos) {
      workspaces.captured = combined;
      env = spec.env;
    }
    if (spec.command.find("head -c") != std::string::npos)
      return FakeWorkspaces::Exit(0, written ? "version=3\n" : "");
    return FakeWorkspaces::Exit(spec.command == "make check" && !patched ? 2 : 0);
  };
  EXPECT_EQ(Climb()->kind, Kind::kProven);
  EXPECT_THAT(env, Contains(std::pair<std::string, std::string>("REGREEN_INPUT_RELEASE", "3")));
  written = false;
  EXPECT_EQ(Climb()->kind, Kind::kProven);
  EXPECT_THAT(env, Contains(std::pair<std::string, std::string>("REGREEN_INPUT_RELEASE", "1")));
}

}  // namespace
}  // namespace regreen
