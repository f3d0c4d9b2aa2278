#include "daemon/triage/outline.h"

#include <gtest/gtest.h>

#include "tests/unit/triage/shipped_rules.h"

namespace regreen {
namespace {

TEST(Outline, FindsTheStepThatFailedWithItsScriptAndExitCode) {
  const std::string raw = Fixture("github-pytest.log");
  const CleanLog log(raw);
  const Outline outline = ReadOutline(log);
  ASSERT_TRUE(outline.failed.has_value());
  const LogStep& step = outline.steps[*outline.failed];
  EXPECT_EQ(step.name, "Run python -m pytest tests");
  EXPECT_EQ(step.command, "python -m pytest tests");
  EXPECT_EQ(step.exit_code, 1);
  EXPECT_EQ(log.lines()[step.last].text, "Process completed with exit code 1.");
}

TEST(Outline, TakesAnErrorLineInPassingForAnAnnotation) {
  const CleanLog log("##[group]Run make\n##[error]odd\nall is well\nPost job cleanup.\n");
  EXPECT_FALSE(ReadOutline(log).failed.has_value());
}

TEST(Outline, TakesAnErrorAtTheEndOfAStepForItsFailure) {
  const CleanLog log("##[group]Run actions/x@v1\n##[error]No such release\nPost job cleanup.\n");
  const Outline outline = ReadOutline(log);
  ASSERT_TRUE(outline.failed.has_value());
  EXPECT_EQ(outline.steps[*outline.failed].name, "Run actions/x@v1");
  EXPECT_FALSE(outline.steps[*outline.failed].exit_code.has_value());
}

TEST(Outline, KnowsAJobThatFailedBeforeItsFirstStep) {
  const CleanLog log(
      "Prepare actions\n##[error]Unable to resolve action x\nCleaning up orphan processes\n");
  const Outline outline = ReadOutline(log);
  ASSERT_TRUE(outline.failed.has_value());
  EXPECT_EQ(outline.steps[*outline.failed].first, 0U);
}

TEST(Outline, KnowsWhichStepHoldsALine) {
  const CleanLog log("before\nsection_start:1:build\r\nmake\nsection_end:1:build\r\nbetween\n");
  const Outline outline = ReadOutline(log);
  ASSERT_EQ(outline.steps.size(), 1U);
  EXPECT_EQ(outline.StepOf(0), nullptr);
  ASSERT_NE(outline.StepOf(2), nullptr);
  EXPECT_EQ(outline.StepOf(2)->name, "build");
  EXPECT_EQ(outline.StepOf(4), nullptr);
}

}  // namespace
}  // namespace regreen
