#include "daemon/guard/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  ASSERT_EQ(rules->protected_paths().size(), 1u);
  EXPECT_EQ(rules->protected_paths()[0].lift, ProtectedPaths::Lift::kGlob);
  EXPECT_EQ(rules->protected_paths()[0].paths[0], "a/**") << "compared in lower case";
  ASSERT_EQ(rules->added_text().size(), 1u);
  EXPECT_TRUE(rules->added_text()[0].secret);
  EXPECT_EQ(rules->added_text()[0].patterns.size(), 1u);
  ASSERT_EQ(rules->deleted_files().size(), 1u);
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

}  // namespace
}  // namespace regreen
