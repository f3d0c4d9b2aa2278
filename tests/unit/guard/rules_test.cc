#include "daemon/guard/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/guard/patches.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(GuardRules, ReadsEachKind) {
  const GuardSource source{"g.toml", R"toml(
[[protected]]
name = "p"
about = "is protected"
paths = "A/**"
lift = "glob"
[[added]]
name = "a"
about = "is bad"
patterns = ["x+"]
files = "*.c"
except = ["y.c"]
secret = true
[[deleted]]
name = "d"
about = "is needed"
paths = ["t/**"]
)toml"};
  Problems problems;
  const auto rules = GuardRules::Load(std::span(&source, 1), problems);
  ASSERT_NE(rules, nullptr) << problems.Render();
  ASSERT_EQ(rules->protected_paths.size(), 1u);
  EXPECT_EQ(rules->protected_paths[0].lift, ProtectedPaths::Lift::kGlob);
  EXPECT_EQ(rules->protected_paths[0].paths[0], "a/**") << "compared in lower case";
  ASSERT_EQ(rules->added_text.size(), 1u);
  EXPECT_TRUE(rules->added_text[0].secret);
  EXPECT_EQ(rules->added_text[0].patterns.size(), 1u);
  ASSERT_EQ(rules->deleted_files.size(), 1u);
}

TEST(GuardRules, RefusesEachMistakeWithItsPlace) {
  struct Case {
    const char* name;
    const char* text;
    const char* wanted;
  };
  const Case cases[] = {
      {"nothing", "", "there are no guard rules"},
      {"syntax", "[[added]", "g.toml:1"},
      {"unknown key", "[[deleted]]\nname = \"a\"\nabout = \"b\"\npath = \"x\"\npaths = \"x\"",
       "g.toml:4:8: error: unknown key \"path\", did you mean \"paths\"?"},
      {"unknown table", "[[adde]]\nname = \"a\"", "unknown key \"adde\", did you mean \"added\"?"},
      {"no name", "[[deleted]]\nabout = \"b\"\npaths = \"x\"", "needs a \"name\""},
      {"no about", "[[deleted]]\nname = \"a\"\npaths = \"x\"", "needs \"about\""},
      {"no paths", "[[deleted]]\nname = \"a\"\nabout = \"b\"",
       "\"paths\" must name at least one glob"},
      {"no patterns", "[[added]]\nname = \"a\"\nabout = \"b\"", "needs \"patterns\""},
      {"bad pattern", "[[added]]\nname = \"a\"\nabout = \"b\"\npatterns = \"(\"",
       "g.toml:4:12: error: pattern \"(\""},
      {"empty pattern", "[[added]]\nname = \"a\"\nabout = \"b\"\npatterns = \"x*\"",
       "matches the empty text"},
      {"lift", "[[protected]]\nname = \"a\"\nabout = \"b\"\npaths = \"x\"\nlift = \"always\"",
       "must be \"literal\" or \"glob\""},
      {"severity", "[[deleted]]\nname = \"a\"\nabout = \"b\"\npaths = \"x\"\nseverity = \"mild\"",
       "must be \"refuse\" or \"draft\""},
      {"a name of the guard's own", "[[deleted]]\nname = \"mode\"\nabout = \"b\"\npaths = \"x\"",
       "is the guard's own"},
      {"unknown set",
       "[[set]]\nname = \"tests\"\npaths = \"x\"\n[[deleted]]\nname = \"a\"\nabout = "
       "\"b\"\npaths = \"@test\"",
       "no [[set]] named \"test\", did you mean \"tests\"?"},
      {"no pairs", "[[loosened]]\nname = \"a\"\nabout = \"b\"", "needs \"pairs\""},
      {"no arrow", "[[loosened]]\nname = \"a\"\nabout = \"b\"\npairs = \"x\"",
       "must read \"old => new\""},
      {"no arrow in an example",
       "[[loosened]]\nname = \"a\"\nabout = \"b\"\npairs = \"x => y\"\nexamples = \"x\"",
       "the example \"x\" must read"},
      {"no number", "[[number]]\nname = \"a\"\nabout = \"b\"\nwrong = \"up\"\npatterns = \"x\"",
       "must name its number"},
      {"no way", "[[number]]\nname = \"a\"\nabout = \"b\"\npatterns = \"(?P<n>1)\"",
       "must be \"up\" or \"down\""},
      {"no length", "[[long]]\nname = \"a\"\nabout = \"b\"", "\"longest\" must be"},
      {"no entropy", "[[random]]\nname = \"a\"\nabout = \"b\"\nshortest = 20", "\"bits\" must be"},
      {"one name twice",
       "[[deleted]]\nname = \"a\"\nabout = \"b\"\npaths = \"x\"\n[[deleted]]\nname = \"a\"\nabout "
       "= \"b\"\npaths = \"x\"",
       "g.toml:6:8: error: the name \"a\" is taken"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const GuardSource source{"g.toml", c.text};
    Problems problems;
    EXPECT_EQ(GuardRules::Load(std::span(&source, 1), problems), nullptr);
    EXPECT_THAT(problems.Render(), HasSubstr(c.wanted));
  }
}

TEST(GuardRules, TriesEveryExample) {
  const GuardSource source{"g.toml", R"toml(
[[added]]
name = "a"
about = "is bad"
patterns = ["x+"]
examples = ["y"]
counter_examples = ["x"]
[[number]]
name = "n"
about = "grows"
wrong = "up"
patterns = ["t=(?P<n>[0-9]+)"]
examples = ["t=2 => t=1"]
[[deleted]]
name = "d"
about = "is needed"
paths = ["t/**"]
)toml"};
  Problems problems;
  const auto rules = GuardRules::Load(std::span(&source, 1), problems);
  ASSERT_NE(rules, nullptr) << problems.Render();
  CheckExamples(*rules, problems);
  EXPECT_THAT(problems.Render(), HasSubstr("\"a\" does not find its example \"y\""));
  EXPECT_THAT(problems.Render(), HasSubstr("\"a\" finds its counter-example \"x\""));
  EXPECT_THAT(problems.Render(), HasSubstr("\"n\" does not find its example \"t=2 => t=1\""));
  EXPECT_THAT(problems.Render(), HasSubstr("\"d\" has no example"));
}

TEST(GuardRules, EveryShippedRuleFindsItsExamplesAndNoCounterExample) {
  Problems problems;
  CheckExamples(ShippedRules(), problems);
  EXPECT_TRUE(problems.all().empty()) << problems.Render();
}

}  // namespace
}  // namespace regreen
