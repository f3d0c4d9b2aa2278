#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/triage/rule.h"
#include "daemon/triage/triage.h"
#include "tests/unit/triage/shipped_rules.h"

namespace regreen {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* problem;
};

const Case kMistakes[] = {
    {"a pattern that does not compile", "[[rule]]\nname='a'\nclass='test'\nmatch='(abc'\n",
     "does not compile"},
    {"a look-ahead", "[[rule]]\nname='a'\nclass='test'\nmatch='abc(?=d)'\n", "does not compile"},
    {"a back-reference", "[[rule]]\nname='a'\nclass='test'\nmatch='(abc)\\1'\n",
     "does not compile"},
    {"a pattern for everything", "[[rule]]\nname='a'\nclass='test'\nmatch='.*'\n",
     "matches the empty text"},
    {"a pattern without text", "[[rule]]\nname='a'\nclass='test'\nmatch='^\\d+$'\n",
     "no fixed text"},
    {"an unknown class", "[[rule]]\nname='a'\nclass='tset'\nmatch='abc'\n",
     "did you mean \"test\""},
    {"no class", "[[rule]]\nname='a'\nmatch='abc'\n", "class is missing"},
    {"an unknown key", "[[rule]]\nname='a'\nclass='test'\nmatch='abc'\nprioriti=3\n",
     "did you mean \"priority\""},
    {"no pattern", "[[rule]]\nname='a'\nclass='test'\n", "never matches"},
    {"no name", "[[rule]]\nclass='test'\nmatch='abc'\n", "needs a name"},
    {"a priority out of range", "[[rule]]\nname='a'\nclass='test'\nmatch='abc'\npriority=100\n",
     "from 1 to 99"},
    {"a need that is not there", "[[rule]]\nname='a'\nclass='test'\nmatch='abc'\nneeds='b'\n",
     "needs a rule"},
    {"a template without its group",
     "[[rule]]\nname='a'\nclass='test'\nmatch='abc'\nsignature='{file}'\n",
     "no pattern of this rule has a group \"file\""},
    {"an unknown form of titles", "[[rule]]\nname='a'\nclass='test'\nmatch='abc'\ntitles='moca'\n",
     "did you mean \"mocha\""},
    {"an aside that is a failure", "[[rule]]\nname='a'\nclass='test'\nmatch='abc'\nuntil='def'\n",
     "an aside is no failure"},
    {"the same name twice",
     "[[rule]]\nname='a'\nclass='test'\nmatch='abc'\n[[rule]]\nname='a'\nclass='test'\nmatch='abd'"
     "\n",
     "already, at rules.toml:1"},
};

TEST(RuleSet, TellsEachMistakeWithItsFileAndLine) {
  for (const Case& c : kMistakes) {
    Problems problems;
    const RuleSource source{"rules.toml", c.text};
    EXPECT_EQ(RuleSet::Load({&source, 1}, problems), nullptr) << c.name;
    EXPECT_NE(problems.Render().find(c.problem), std::string::npos) << c.name << "\n"
                                                                    << problems.Render();
    ASSERT_FALSE(problems.all().empty()) << c.name;
    EXPECT_EQ(problems.all()[0].where.file, "rules.toml") << c.name;
    EXPECT_GT(problems.all()[0].where.line, 0) << c.name;
  }
}

TEST(RuleSet, LoadsNoRulesAtAll) {
  Problems problems;
  const auto rules = RuleSet::Load({}, problems);
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->size(), 0U);
  EXPECT_EQ(Triage(rules).Run("error: x\n").failure_class, FailureClass::kNone);
}

TEST(RuleSet, ShipsManyRulesThatAllHaveExamplesThatHold) {
  ASSERT_NE(ShippedRules(), nullptr);
  EXPECT_GE(ShippedRules()->size(), 150U);
  Problems problems;
  CheckExamples(*ShippedRules(), problems);
  EXPECT_EQ(problems.Render(), "");
}

TEST(RuleSet, TellsOfAnExampleThatDoesNotHold) {
  const RuleSource source{"rules.toml",
                          "[[rule]]\nname='a'\nclass='test'\nmatch='^broken'\n"
                          "examples=['whole']\ncounter_examples=['broken']\n"};
  Problems problems;
  const auto rules = RuleSet::Load({&source, 1}, problems);
  ASSERT_NE(rules, nullptr);
  CheckExamples(*rules, problems);
  EXPECT_EQ(problems.all().size(), 2U);
}

std::shared_ptr<const RuleSet> Parse(const std::string& text) {
  Problems problems;
  const RuleSource source{"rules.toml", text};
  auto rules = RuleSet::Load({&source, 1}, problems);
  EXPECT_NE(rules, nullptr) << problems.Render();
  return rules;
}

TEST(Rule, IsLookedForInItsStepOnly) {
  const Triage triage(Parse("[[rule]]\nname='a'\nclass='lint'\nmatch='^odd'\nstep='lint'\n"));
  EXPECT_EQ(triage.Run("##[group]Run make lint\nodd\n").failure_class, FailureClass::kLint);
  EXPECT_EQ(triage.Run("##[group]Run make test\nodd\n").failure_class, FailureClass::kNone);
  EXPECT_EQ(triage.Run("odd\n", {.step = "lint"}).failure_class, FailureClass::kLint);
}

TEST(Rule, IsLookedForInLogsOfItsProviderOnly) {
  const Triage triage(Parse("[[rule]]\nname='a'\nclass='lint'\nmatch='^odd'\nprovider='gitlab'\n"));
  EXPECT_EQ(triage.Run("odd\n", {.provider = "gitlab"}).failure_class, FailureClass::kLint);
  EXPECT_EQ(triage.Run("odd\n", {.provider = "github"}).failure_class, FailureClass::kNone);
}

TEST(Rule, IgnoresALineThatItsUnlessMatches) {
  const Triage triage(Parse("[[rule]]\nname='a'\nclass='lint'\nmatch='^odd'\nunless='fine$'\n"));
  EXPECT_EQ(triage.Run("odd but fine\n").failure_class, FailureClass::kNone);
  EXPECT_EQ(triage.Run("odd\n").failure_class, FailureClass::kLint);
}

TEST(Rule, GivesWayToOneOfHigherPriority) {
  const Triage triage(
      Parse("[[rule]]\nname='low'\nclass='lint'\nmatch='^odd'\npriority=10\n"
            "[[rule]]\nname='high'\nclass='test'\nmatch='^bad'\npriority=90\n"));
  EXPECT_EQ(triage.Run("odd\nbad\n").rule, "high");
}

TEST(Rule, NamesATestByWhatStandsAboveIt) {
  const Triage triage(
      Parse("[[rule]]\nname='a'\nclass='test'\nmatch='^FAILED$'\ntest='{class}.{method}'\n"
            "above=['^suite (?P<class>\\S+)', '^case (?P<method>\\S+)']\nabove_within=4\n"));
  using Names = std::vector<std::string>;
  EXPECT_EQ(triage.Run("suite A\ncase x\nFAILED\ncase y\nFAILED\n").failed_tests,
            (Names{"A.x", "A.y"}));
  EXPECT_EQ(triage.Run("case x\nFAILED\n").failed_tests, Names{"x"});
  EXPECT_EQ(triage.Run("suite A\n1\n2\n3\ncase x\nFAILED\n").failed_tests, Names{"x"})
      << "the suite is too far above";
}

TEST(Rule, LeavesOutWhatStandsInAnAside) {
  const Triage triage(
      Parse("[[rule]]\nname='a'\nclass='test'\nmatch='^bad (?P<test>\\S+)'\n"
            "[[rule]]\nname='aside'\nclass='none'\nmatch='^= PASSES'\nuntil='^= '\n"));
  using Names = std::vector<std::string>;
  EXPECT_EQ(triage.Run("bad x\n= PASSES\nbad y\n= END\nbad z\n").failed_tests, (Names{"x", "z"}));
  EXPECT_EQ(triage.Run("bad x\n= PASSES\nbad y\n").failed_tests, (Names{"x", "y"}))
      << "an aside that does not end is none";
}

TEST(Rule, ForgetsATestThatPassedWhenItWasRunAgain) {
  const Triage triage(
      Parse("[[rule]]\nname='a'\nclass='test'\nmatch='^bad (?P<test>\\S+)'\n"
            "[[rule]]\nname='flaky'\nclass='none'\nmatch='^flaky (?P<test>\\S+)'\n"));
  const Evidence evidence = triage.Run("bad T.x\nbad acme.T.y\nflaky acme.T.x\n");
  EXPECT_EQ(evidence.failed_tests, std::vector<std::string>{"acme.T.y"});
  EXPECT_EQ(triage.Run("bad T.x\nflaky T.x\n").failure_class, FailureClass::kNone);
}

TEST(Rule, TellsTheReasonWhereverTheLogHasIt) {
  const Triage triage(
      Parse("[[rule]]\nname='a'\nclass='test'\ntool='t'\nmatch='^bad (?P<test>\\S+)'\n"
            "then='^because (?P<message>.*)'\nwithin=1\n"));
  EXPECT_EQ(triage.Run("bad x\nbad y\nbad x\nbecause so\n").signature, "t: x — so");
}

TEST(Rule, TakesCapturesFromTheLinesAround) {
  const Triage triage(
      Parse("[[rule]]\nname='a'\nclass='test'\ntool='t'\nmatch='^bad'\n"
            "above='^in (?P<file>\\S+)'\nthen='^because (?P<message>.*)'\n"));
  EXPECT_EQ(triage.Run("in a.c\nin b.c\nbad\nx\nbecause so\n").signature, "t: b.c — so");
}

}  // namespace
}  // namespace regreen
