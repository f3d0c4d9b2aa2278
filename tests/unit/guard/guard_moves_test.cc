// What moves is not gone, and what a template allows is no finding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/guard/cheats.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(GuardMoves, AMovedTestIsNoDeletedOne) {
  const Lines body{"import x", "@pytest.mark.skip", "def test_a():", "    assert x.f() == 1",
                   "    assert x.g() == 2"};
  PatchBuilder moved;
  moved.Remove("tests/test_a.py", body).Add("tests/unit/test_a.py", body);
  EXPECT_THAT(RulesFound(moved.patch, PlanFor()), IsEmpty()) << "its old skip goes with it";
  PatchBuilder away;
  away.Remove("tests/test_a.py", body).Add("tests/a.py", body);
  EXPECT_THAT(RulesFound(away.patch, PlanFor()), Contains("deleted-test"))
      << "the name no longer says that it is a test";
  PatchBuilder other_kind;
  other_kind.Remove("tests/test_a.py", body).Add("tests/test_a.py.bak", body);
  EXPECT_THAT(RulesFound(other_kind.patch, PlanFor()), Contains("deleted-test"));
  PatchBuilder hollow;
  hollow.Remove("tests/test_a.py", body).Add("tests/unit/test_a.py", {"import x"});
  EXPECT_THAT(RulesFound(hollow.patch, PlanFor()), Contains("deleted-test"));
}

TEST(GuardMoves, AnAssertionMayMoveToAnotherFile) {
  PatchBuilder b;
  b.Modify("tests/test_a.py", {"    assert f() == 1"}, {})
      .Modify("tests/test_b.py", {}, {"  assert f() == 1"});
  EXPECT_THAT(RulesFound(b.patch, PlanFor()), IsEmpty());
  PatchBuilder other;
  other.Modify("tests/test_a.py", {"    assert f() == 1"}, {})
      .Modify("tests/test_b.py", {}, {"  assert 1 == f2()"});
  EXPECT_THAT(RulesFound(other.patch, PlanFor()), Contains("fewer-assertions"));
}

TEST(GuardMoves, AnEmptiedFileHasLostItsTests) {
  PatchBuilder b;
  b.Modify("a_test.go", {"func TestA(t *testing.T) {", "\tt.Fatal(1)", "}"}, {});
  EXPECT_THAT(RulesFound(b.patch, PlanFor()), Contains("removed-test"));
}

TEST(GuardMoves, ASnapshotFollowsTheCode) {
  PatchBuilder alone, with_test, with_code;
  alone.Modify("src/__snapshots__/a.test.js.snap", {"x"}, {"y"});
  with_test.Modify("src/__snapshots__/a.test.js.snap", {"x"}, {"y"})
      .Modify("src/a.test.js", {"x"}, {"y"});
  with_code.Modify("src/__snapshots__/a.test.js.snap", {"x"}, {"y"})
      .Modify("src/a.js", {"x"}, {"y"});
  EXPECT_THAT(RulesFound(alone.patch, PlanFor()), Contains("edited-snapshot"));
  EXPECT_THAT(RulesFound(with_test.patch, PlanFor()), Contains("edited-snapshot"));
  EXPECT_THAT(RulesFound(with_code.patch, PlanFor()), IsEmpty());
  EXPECT_THAT(RulesFound(alone.patch, PlanFor({"**/*.snap"})), IsEmpty())
      << "a template whose work it is says so";
}

TEST(GuardMoves, ATemplateRelaxesRulesByName) {
  PatchBuilder b;
  b.Modify("a_test.go", {}, {"\tt.Skip()"}).Modify("go.sum", {"x"}, {"y"});
  Plan plan = PlanFor();
  plan.guard_allow = {"skipped-test", "lock-file"};
  EXPECT_THAT(RulesFound(b.patch, plan), IsEmpty());
  PatchBuilder token;
  token.Add("a", {"ghp_" + std::string(36, 'a')});
  plan.guard_allow = {"secret"};
  EXPECT_THAT(RulesFound(token.patch, plan), ElementsAre("secret")) << "but no secret";
  EXPECT_THAT(ShippedRules().AllowableNames(), Not(Contains("secret")));
}

}  // namespace
}  // namespace regreen
