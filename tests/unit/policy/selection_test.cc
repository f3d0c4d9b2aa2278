// Selection among many templates: the same answer as asking every condition of every template.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"
#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::shared_ptr<const PolicySet> LoadAll(const std::vector<std::string>& texts) {
  Problems problems;
  auto set = Load(texts, problems);
  EXPECT_NE(set, nullptr) << problems.Render();
  return set;
}

// Any few conditions, of which about half hold for the sample incident.
std::string RandomMatch(std::mt19937& random) {
  const char* const pool[] = {"class = 'format'",
                              "class = ['test', 'lint']",
                              "repo = 'acme/*'",
                              "repo = 'other/*'",
                              "branch = ['main', 'x']",
                              "branch = 'release/*'",
                              "log = 'table is'",
                              "log = ['never', 'stale$']",
                              "log = '(?i)NO SUCH'",
                              "log = 'make: ent'",
                              "exit_code = 2",
                              "exit_code = [3, 4]",
                              "tool = 'clang-*'",
                              "tool = 'gofmt'",
                              "command = 'make'",
                              "command = 'cargo'",
                              "fork = false",
                              "seen = 'first'",
                              "failing_test = 'x*'",
                              "job = 'test*'",
                              "pull_request = true",
                              "unless = { log = 'stale', tool = 'gofmt' }",
                              "unless = { repo = 'x/*' }"};
  std::string match;
  std::vector<std::string> keys;
  for (std::size_t n = random() % 4; n > 0; --n) {
    const std::string line = pool[random() % std::size(pool)];
    const std::string key = line.substr(0, line.find(' '));
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    keys.push_back(key);
    match += line + "\n";
  }
  return match;
}

TEST(Selection, IsThatOfAskingEverything) {
  std::mt19937 random(7);
  const char* const heads[] = {"", "", "priority = 3", "stage = 'draft'", "stage = 'retired'"};
  SelectOptions options;
  options.command = "make check";
  std::size_t chosen = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> texts;
    for (std::size_t n = 1 + random() % 60; n > 0; --n) {
      texts.push_back(
          TemplateText(Cat("t", n), RandomMatch(random), heads[random() % std::size(heads)]));
    }
    const auto set = LoadAll(texts);
    ASSERT_NE(set, nullptr);
    const Selection fast = Select(SampleIncident(), *set, options);
    const ExplainedSelection whole = ExplainSelection(SampleIncident(), *set, options);
    ASSERT_EQ(fast.plan.has_value(), whole.selection.plan.has_value());
    EXPECT_EQ(fast.reasons, whole.selection.reasons);
    if (fast.plan) {
      ++chosen;
      EXPECT_EQ(fast.plan->template_name, whole.selection.plan->template_name);
    }
    // Each that is shown has the very same reasons, and each near one is shown or counted.
    std::size_t near = 0, at = 0;
    for (const Rejection& rejection : whole.selection.rejected) {
      const bool retired = rejection.reasons[0] == "it is retired";
      if (rejection.reasons.size() == 1 && !retired) ++near;
      if (at < fast.rejected.size() && fast.rejected[at].template_name == rejection.template_name) {
        EXPECT_EQ(fast.rejected[at++].reasons, rejection.reasons);
      }
    }
    EXPECT_EQ(at, fast.rejected.size());
    EXPECT_EQ(at + fast.more_near + fast.more_far, whole.selection.rejected.size());
    if (texts.size() > Selection::kShownAll + 1) {
      EXPECT_EQ(fast.rejected.size(), std::min(near, Selection::kShownNear));
      EXPECT_EQ(fast.more_near, near - fast.rejected.size());
    } else {
      EXPECT_EQ(fast.more_near + fast.more_far, 0u);
    }
  }
  EXPECT_GT(chosen, 100u);
}

TEST(Selection, AmongManyShowsTheNearOnesAndCountsTheRest) {
  std::vector<std::string> texts = {TemplateText("chosen", "class = 'format'", "priority = 1")};
  for (int i = 0; i < 30; ++i) {
    texts.push_back(TemplateText(Cat("near-", i), Cat("repo = 'acme/*'\nlog = 'never ", i, "'")));
    texts.push_back(TemplateText(Cat("far-", i), "repo = 'other/*'\nclass = 'test'"));
  }
  const Selection selection = Select(SampleIncident(), *LoadAll(texts), {});
  ASSERT_TRUE(selection.plan);
  EXPECT_EQ(selection.plan->template_name, "chosen");
  ASSERT_THAT(selection.rejected, SizeIs(20));
  EXPECT_EQ(selection.rejected[0].template_name, "near-0");
  EXPECT_THAT(selection.rejected[0].reasons,
              ElementsAre("none of the 2 lines of evidence matches /never 0/"));
  EXPECT_EQ(selection.more_near, 10u);
  EXPECT_EQ(selection.more_far, 30u);
  EXPECT_THAT(RenderSelection(selection),
              HasSubstr("and 40 more: 10 that match or fail on one condition only, 30 that fail on "
                        "more (regreen policy explain tells all)\n"));
}

TEST(Selection, TellsAllReasonsOfTheOneThatWasAskedForAmongMany) {
  std::vector<std::string> texts = {TemplateText("asked", "class = 'test'\nrepo = 'other/*'")};
  for (int i = 0; i < 40; ++i) texts.push_back(TemplateText(Cat("t", i)));
  SelectOptions options;
  options.only_template = "asked";
  const Selection selection = Select(SampleIncident(), *LoadAll(texts), options);
  EXPECT_FALSE(selection.plan);
  ASSERT_THAT(selection.rejected, SizeIs(1));
  EXPECT_THAT(selection.rejected[0].reasons, SizeIs(2));
  EXPECT_EQ(selection.more_far, 40u);
}

TEST(Selection, ExplainsEveryConditionWhetherItHoldsOrNot) {
  const auto set = LoadAll({TemplateText("x",
                                         "class = 'test'\nrepo = 'acme/*'\n"
                                         "unless = { tool = 'clang-*', fork = true }",
                                         "stage = 'draft'"),
                            TemplateText("y"), TemplateText("z")});
  const ExplainedSelection whole = ExplainSelection(SampleIncident(), *set, {});
  ASSERT_THAT(whole.templates, SizeIs(3));
  const TemplateExplanation& x = whole.templates[0];
  EXPECT_EQ(x.name, "x");
  EXPECT_FALSE(x.chosen);
  std::vector<std::string> told;
  for (const ConditionAnswer& a : x.answers) {
    told.push_back(Cat(a.against() ? "against: " : "for: ", a.unless ? "unless " : "", a.key, " = ",
                       a.spec, ": ", a.why));
  }
  EXPECT_THAT(told, ElementsAre("for: repo = \"acme/*\": repo \"acme/widget\" fits \"acme/*\"",
                                "against: class = \"test\": class is format, not \"test\"",
                                "against: unless tool = \"clang-*\": tool \"clang-format\" fits "
                                "\"clang-*\"",
                                "for: unless fork = true: the run is not from a fork"));
  EXPECT_THAT(x.objections, ElementsAre("it is a draft, which is used only by hand"));
  EXPECT_TRUE(whole.templates[1].chosen);
  EXPECT_THAT(whole.templates[2].objections,
              ElementsAre("it matches too, but \"y\" goes first: the names decide"));
}

TEST(Selection, TakesTheStageThatTheRecordAllows) {
  struct Case {
    const char* name;
    const char* own;
    EffectiveStage in_effect;
    Stage wanted;
    const char* why;  // "" where nothing is said
  };
  const Case cases[] = {
      {"demoted",
       "auto",
       {Stage::kSuggest, "1 of 4 was merged"},
       Stage::kSuggest,
       "1 of 4 was merged"},
      {"as it is", "suggest", {Stage::kSuggest, ""}, Stage::kSuggest, ""},
      {"never higher", "shadow", {Stage::kAuto, "no"}, Stage::kShadow, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto set = LoadAll({TemplateText("x", "", Cat("stage = '", c.own, "'"))});
    SelectOptions options;
    options.stages.emplace("x", c.in_effect);
    const Selection selection = Select(SampleIncident(), *set, options);
    ASSERT_TRUE(selection.plan);
    EXPECT_EQ(selection.plan->stage, c.wanted);
    EXPECT_EQ(selection.reasons.back(), *c.why ? c.why : "it has no conditions");
  }
}

TEST(Selection, RejectsWhatNoWorkspaceServes) {
  const auto set = LoadAll({TemplateText("x")});
  std::vector<Template> templates = set->templates();
  templates[0].needs.network = {"packages"};
  const PolicySet needing(std::move(templates), "digest");
  SelectOptions options;
  options.offers = {{"small", {}, 0, 0}};
  const Selection selection = Select(SampleIncident(), needing, options);
  EXPECT_FALSE(selection.plan);
  ASSERT_THAT(selection.rejected, SizeIs(1));
  EXPECT_THAT(selection.rejected[0].reasons,
              ElementsAre("needs the network \"packages\", and no workspace of the configuration "
                          "serves it"));
  options.offers.push_back({"wide", {"packages"}, 0, 0});
  EXPECT_EQ(Select(SampleIncident(), needing, options).plan->workspace, "wide");
}

TEST(Selection, NeedsNoCommandWhereNothingRunsInAWorkspace) {
  const auto set = LoadAll({"name = \"x\"\n[[step]]\nrun = \"true\"\n"});
  EXPECT_FALSE(Select(SampleIncident(), *set, {}).plan);
  std::vector<Template> templates = set->templates();
  templates[0].steps[0].kind = StepKind::kRerun;
  const PolicySet reruns(std::move(templates), "digest");
  EXPECT_TRUE(Select(SampleIncident(), reruns, {}).plan);
}

}  // namespace
}  // namespace regreen
