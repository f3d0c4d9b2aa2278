#include "daemon/policy/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(Loader, OrdersByPriorityThenSpecificityThenName) {
  Problems problems;
  const auto set =
      Load({TemplateText("b"), TemplateText("a"), TemplateText("wide", "repo = \"x/*\""),
            TemplateText("first", "", "priority = 1"),
            TemplateText("last", "repo = \"x/*\"", "priority = -1")},
           problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  std::string order;
  for (const Template& t : set->templates()) order += t.name + " ";
  EXPECT_EQ(order, "first wide a b last ");
}

TEST(Loader, KnowsWhatItsTemplatesAskFor) {
  Problems problems;
  const auto set = Load(
      {TemplateText("a", "repo = \"x/*\""), TemplateText("b", "unless = { author = [\"bot\"] }")},
      problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  EXPECT_TRUE(set->AsksFor("repo"));
  EXPECT_TRUE(set->AsksFor("author"));
  EXPECT_FALSE(set->AsksFor("unless"));
  EXPECT_FALSE(set->AsksFor("branch"));
}

TEST(Loader, RefusesTwoTemplatesOfOneNameAndNamesBothPlaces) {
  Problems problems;
  EXPECT_EQ(Load({TemplateText("same"), "\n" + TemplateText("same")}, problems), nullptr);
  EXPECT_THAT(problems.Render(),
              HasSubstr("1.toml:2:8: error: the name \"same\" is taken by 0.toml:1"));
}

TEST(Loader, GivesNothingWhenOneOfManyIsWrong) {
  Problems problems;
  EXPECT_EQ(Load({TemplateText("good"), TemplateText("bad", "log = '('")}, problems), nullptr);
  EXPECT_THAT(problems.Render(), HasSubstr("1.toml:4:7"));
}

TEST(Loader, IsNotStoppedByProblemsOfOthers) {
  Problems problems;
  problems.Error({"config.toml", 1, 1}, "unrelated");
  EXPECT_NE(Load({TemplateText("good")}, problems), nullptr);
}

TEST(Loader, KnowsWhichFactsItsTemplatesAskFor) {
  Problems problems;
  const auto set = Load({TemplateText("a", "repo = \"x\""),
                         TemplateText("b", "branch = \"y\"\nunless = { fork = true }")},
                        problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  for (const char* key : {"repo", "branch", "fork"}) EXPECT_TRUE(set->AsksFor(key)) << key;
  for (const char* key : {"labels", "class", ""}) EXPECT_FALSE(set->AsksFor(key)) << key;
}

TEST(Loader, DigestDependsOnNamesAndTextsAndNotOnOrderOrPlace) {
  Problems problems;
  const std::vector<PolicySource> here = {{"x/a.toml", TemplateText("a")},
                                          {"x/b.toml", TemplateText("b")}};
  const std::vector<PolicySource> there = {{"b", TemplateText("b")}, {"a", TemplateText("a")}};
  const std::vector<PolicySource> other = {{"b", TemplateText("b") + "\n"},
                                           {"a", TemplateText("a")}};
  const std::string digest = LoadPolicies({here, {}, {}}, problems)->digest();
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(LoadPolicies({there, {}, {}}, problems)->digest(), digest);
  EXPECT_NE(LoadPolicies({other, {}, {}}, problems)->digest(), digest);
}

}  // namespace
}  // namespace regreen
