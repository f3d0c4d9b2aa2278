#include "daemon/domain/template_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace regreen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TemplateRecord, ThePathToAutoHasThreeSteps) {
  EXPECT_EQ(NextStage(Stage::kDraft), Stage::kShadow);
  EXPECT_EQ(NextStage(Stage::kShadow), Stage::kSuggest);
  EXPECT_EQ(NextStage(Stage::kSuggest), Stage::kAuto);
  EXPECT_EQ(NextStage(Stage::kAuto), Stage::kAuto);
  EXPECT_EQ(NextStage(Stage::kRetired), Stage::kRetired);
}

TEST(TemplateRecord, TheGateNamesAllThatItMisses) {
  const PromoteGate gate{
      .min_tasks = 10, .verified = 0.8, .min_merged = 5, .acceptance = 0.9, .max_usd = 0.5};
  const TemplateRecord record{.name = "x",
                              .tasks = 4,
                              .reproduced = 4,
                              .verified = 2,
                              .merged = 1,
                              .declined = 1,
                              .usd = 4};
  EXPECT_THAT(GateObjections(Stage::kAuto, gate, record),
              ElementsAre("it did 4 tasks, and the gate asks for 10",
                          "it verified 2 of the 4 failures that it reproduced (50%), and the gate "
                          "asks for 80%",
                          "1 of its changes were merged, and the gate asks for 5",
                          "people accepted 50% of its changes, and the gate asks for 90%",
                          "a task cost $1.00 on average, and the gate allows $0.50"));
}

TEST(TemplateRecord, MergesAreAskedForOnTheWayToAutoOnly) {
  const PromoteGate gate{.min_tasks = 1, .min_merged = 5, .acceptance = 1};
  const TemplateRecord record{.name = "x", .tasks = 1, .reproduced = 1, .verified = 1};
  EXPECT_THAT(GateObjections(Stage::kSuggest, gate, record), IsEmpty());
  EXPECT_THAT(GateObjections(Stage::kAuto, gate, record), testing::SizeIs(1));
  EXPECT_THAT(GateObjections(Stage::kShadow, gate, {}), IsEmpty());
}

TEST(TemplateRecord, AFallingAcceptanceDemotesInEffect) {
  const PromoteGate gate{.acceptance = 0.8};
  const TemplateRecord bad{.name = "x", .merged = 1, .declined = 2};
  EXPECT_EQ(StageInEffect(Stage::kAuto, gate, bad).stage, Stage::kSuggest);
  EXPECT_EQ(StageInEffect(Stage::kSuggest, gate, bad).stage, Stage::kShadow);
  EXPECT_THAT(StageInEffect(Stage::kAuto, gate, bad).why,
              HasSubstr("counts as suggest instead of auto: people accepted 33%"));
  EXPECT_EQ(StageInEffect(Stage::kShadow, gate, bad).stage, Stage::kShadow);
}

TEST(TemplateRecord, TooFewDecisionsOrNoGateDemoteNothing) {
  const TemplateRecord few{.name = "x", .declined = kDecidedBeforeDemotion - 1};
  EXPECT_EQ(StageInEffect(Stage::kAuto, {.acceptance = 0.8}, few).stage, Stage::kAuto);
  const TemplateRecord bad{.name = "x", .declined = 10};
  EXPECT_EQ(StageInEffect(Stage::kAuto, {}, bad).stage, Stage::kAuto);
}

}  // namespace
}  // namespace regreen
