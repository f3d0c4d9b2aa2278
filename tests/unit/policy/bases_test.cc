// What `extends` makes of templates and their bases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Extending(const std::string& bases, const std::string& rest = {}) {
  return Cat("name = \"x\"\nextends = ", bases, "\n[verify]\ncommand = \"true\"\n", rest);
}

std::string MistakesOf(const SampleFolder& folder) {
  Problems problems;
  EXPECT_EQ(LoadFolder(folder, problems), nullptr);
  return problems.Render();
}

TEST(Bases, JoinListsCombineTablesAndLetTheTemplateOverrule) {
  Problems problems;
  const auto set = LoadFolder(
      {{Extending("[\"base/a\", \"base/b\"]",
                  "[guard]\nmax_files = 9\npaths = \"t/**\"\n[[step]]\nrun = \"t\"\n"
                  "[inputs]\nnode = { default = \"22\" }\n")},
       {{"base/a.toml",
         "priority = 5\n[guard]\nmax_files = 3\npaths = [\"a/**\"]\n[[step]]\nrun = \"a "
         "{{node}}\"\n"
         "[inputs]\nnode = { type = \"string\", default = \"20\" }\n"},
        {"base/b.toml", "[guard]\npaths = [\"b/**\"]\nmax_lines = 7\n[change]\nlabels = \"b\"\n"}},
       {}},
      problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  EXPECT_EQ(problems.Render(), "");
  const Template& t = *set->Find("x");
  EXPECT_THAT(t.guard_paths, ElementsAre("a/**", "b/**", "t/**"));
  EXPECT_EQ(t.guard_max_files, 9);
  EXPECT_EQ(t.guard_max_lines, 7);
  EXPECT_EQ(t.priority, 5);
  ASSERT_EQ(t.steps.size(), 2u);
  EXPECT_EQ(t.steps[0].run, "a {{node}}");
  EXPECT_EQ(t.inputs[0].fallback, "22");
  EXPECT_EQ(PlaceOf(t, "guard.max_files").file, "0.toml");
  EXPECT_EQ(PlaceOf(t, "guard.max_lines").file, "base/b.toml");
  EXPECT_EQ(PlaceOf(t, "guard.max_lines").line, 3);
}

TEST(Bases, ThatTwoExtendComeOnceAndGiveWay) {
  Problems problems;
  const auto set = LoadFolder({{Extending("[\"base/a\", \"base/b\"]", "[[step]]\nrun = \"t\"\n")},
                               {{"base/all.toml", "priority = 1\n[guard]\npaths = [\"all/**\"]\n"},
                                {"base/a.toml", "extends = \"base/all\"\npriority = 2\n"},
                                {"base/b.toml", "extends = [\"base/all\"]\n"}},
                               {}},
                              problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  EXPECT_THAT(set->Find("x")->guard_paths, ElementsAre("all/**"));
  EXPECT_EQ(set->Find("x")->priority, 2) << "a base goes before what it extends";
}

TEST(Bases, MustNotDifferAndBothPlacesAreNamed) {
  const SampleFolder folder = {
      {Extending("[\"base/a\", \"base/b\"]", "[[step]]\nrun = \"t\"\n")},
      {{"base/a.toml", "[guard]\nmax_files = 3\n"}, {"base/b.toml", "[guard]\n\nmax_files = 4\n"}},
      {}};
  EXPECT_EQ(MistakesOf(folder),
            "0.toml:2:11: error: \"guard.max_files\" has one value at base/a.toml:2:13 and another "
            "at base/b.toml:3:13: set it here, or in one of the two only\n");
}

TEST(Bases, MayAgreeOnAValue) {
  Problems problems;
  EXPECT_NE(LoadFolder({{Extending("[\"base/a\", \"base/b\"]", "[[step]]\nrun = \"t\"\n")},
                        {{"base/a.toml", "hold = true\n[limits]\ncooldown = \"1m\"\n"},
                         {"base/b.toml", "hold = true\n[limits]\ncooldown = \"1m\"\n"}},
                        {}},
                       problems),
            nullptr)
      << problems.Render();
}

TEST(Bases, MayBeOverruledWhereTheyDiffer) {
  Problems problems;
  const auto set = LoadFolder(
      {{Extending("[\"base/a\", \"base/b\"]", "[guard]\nmax_files = 5\n[[step]]\nrun = \"t\"\n")},
       {{"base/a.toml", "[guard]\nmax_files = 3\n"}, {"base/b.toml", "[guard]\nmax_files = 4\n"}},
       {}},
      problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  EXPECT_EQ(set->Find("x")->guard_max_files, 5);
}

TEST(Bases, SayWhatIsWrongOnceAndAtTheBase) {
  struct Case {
    const char* name;
    const char* extends;
    std::vector<std::pair<std::string, std::string>> bases;
    const char* wanted;  // the whole
  };
  const Case cases[] = {
      {"missing",
       "[\"base/nod\"]",
       {{"base/node.toml", ""}},
       "0.toml:2:11: error: there is no base \"base/nod\", did you mean \"base/node\"?\n"},
      {"missing and far from any",
       "\"whatever\"",
       {},
       "0.toml:2:11: error: there is no base \"whatever\": it would be the file "
       "base/whatever.toml\n"},
      {"missing below",
       "\"base/a\"",
       {{"base/a.toml", "\nextends = \"base/zzz\""}},
       "base/a.toml:2:11: error: there is no base \"base/zzz\": it would be the file "
       "base/zzz.toml\n"},
      {"itself",
       "\"base/a\"",
       {{"base/a.toml", "extends = \"base/a\""}},
       "base/a.toml:1:11: error: \"base/a\" extends itself: base/a → base/a\n"},
      {"cycle",
       "\"base/a\"",
       {{"base/a.toml", "extends = \"base/b\""},
        {"base/b.toml", "extends = \"base/c\""},
        {"base/c.toml", "extends = [\"base/a\"]"}},
       "base/a.toml:1:11: error: \"base/a\" extends itself: base/a → base/b → base/c → base/a\n"},
      {"syntax", "\"base/a\"", {{"base/a.toml", "[guard\n"}}, nullptr},
      {"name",
       "\"base/a\"",
       {{"base/a.toml", "name = \"a\""}},
       "base/a.toml:1:8: error: a base has no name: templates that extend it have one\n"},
      {"mistake",
       "\"base/a\"",
       {{"base/a.toml", "[guard]\nmax_filse = 3"}},
       "base/a.toml:2:13: error: unknown key \"max_filse\", did you mean \"max_files\"?\n"},
      {"mistake below",
       "\"base/b\"",
       {{"base/a.toml", "priority = \"high\""}, {"base/b.toml", "extends = \"base/a\""}},
       "base/a.toml:1:12: error: \"priority\" must be a whole number, not a string\n"},
      {"wrong type",
       "3",
       {},
       "0.toml:2:11: error: \"extends\" must be a string or a list of strings, not a whole "
       "number\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string second =
        Cat("name = \"y\"\nextends = ", c.extends, "\n[[step]]\nrun = \"t\"\n");
    SampleFolder folder = {{Extending(c.extends, "[[step]]\nrun = \"t\"\n")}, c.bases, {}};
    const std::string one = MistakesOf(folder);
    if (c.wanted == nullptr) {
      EXPECT_THAT(one, HasSubstr("base/a.toml:"));
      EXPECT_THAT(one, Not(HasSubstr("0.toml")));
    } else {
      EXPECT_EQ(one, c.wanted);
    }
    if (one.starts_with("0.toml")) continue;
    folder.templates.push_back(second);
    EXPECT_EQ(MistakesOf(folder), one) << "told once, however many extend it";
  }
}

TEST(Bases, ThatNobodyExtendsAreCheckedToo) {
  EXPECT_THAT(
      MistakesOf({{}, {{"base/a.toml", "stage = \"shadw\""}}, {}}),
      HasSubstr("base/a.toml:1:9: error: unknown stage \"shadw\", did you mean \"shadow\"?"));
}

TEST(Bases, MistakesInACombinationAreToldAtTheirPlace) {
  const std::string mistakes = MistakesOf(
      {{Extending("\"base/a\"", "[inputs]\nnode = { default = \"x\" }\n")},
       {{"base/a.toml", "[inputs]\nnode = { type = \"int\" }\n[[step]]\nrun = \"{{nod}}\"\n"}},
       {}});
  EXPECT_THAT(mistakes, HasSubstr("0.toml:6:20: error: the default is not a whole number"));
  EXPECT_THAT(mistakes, HasSubstr("base/a.toml:4:7: error: there is no {{nod}}, did you mean"));
}

TEST(Bases, CountForTheDigest) {
  Problems problems;
  SampleFolder folder = {{Extending("\"base/a\"", "[[step]]\nrun = \"t\"\n")},
                         {{"base/a.toml", "priority = 1"}},
                         {{"prompts/p.md", "one"}}};
  const std::string digest = LoadFolder(folder, problems)->digest();
  folder.bases[0].second = "priority = 2";
  const std::string other = LoadFolder(folder, problems)->digest();
  EXPECT_NE(other, digest);
  folder.prompts[0].second = "two";
  EXPECT_NE(LoadFolder(folder, problems)->digest(), other);
}

}  // namespace
}  // namespace regreen
