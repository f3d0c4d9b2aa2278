// For each framework a patch that makes a test green without a repair, and its honest twin: all by
// the rules that are shipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/guard/patches.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

struct Case {
  const char* name;
  const char* rule;
  const char* path;
  Lines removed, added;
  int line;  // of the finding; hunks begin at line 5
  Lines honest_removed, honest_added;
};

void Judge(const Case& c) {
  SCOPED_TRACE(c.name);
  PatchBuilder cheat;
  cheat.Modify(c.path, c.removed, c.added);
  const Verdict verdict = Judge(cheat.patch, PlanFor(), ShippedRules(), nullptr);
  std::vector<std::string> found;
  for (const Finding& f : verdict.findings) found.push_back(Cat(f.rule, ":", f.line));
  EXPECT_THAT(found, Contains(Cat(c.rule, ":", c.line)));
  PatchBuilder honest;
  honest.Modify(c.path, c.honest_removed, c.honest_added);
  EXPECT_THAT(RulesFound(honest.patch, PlanFor()), IsEmpty());
}

TEST(GuardCheats, NewSkips) {
  const Case cases[] = {
      {"JUnit 4",
       "skipped-test",
       "src/test/java/ATest.java",
       {},
       {"  @Ignore"},
       5,
       {"  @Ignore", "  @Test"},
       {"  @Test"}},
      {"JUnit 5",
       "skipped-test",
       "src/test/java/ATest.java",
       {"  @Test"},
       {"  @Test", "  @Disabled(\"x\")"},
       6,
       {"    @Disabled(\"x\")"},
       {"  @Disabled(\"x\")"}},
      {"JUnit assumption",
       "skipped-test",
       "src/test/java/ATest.java",
       {},
       {"    assumeTrue(ready());"},
       5,
       {"    wait();"},
       {"    assertTrue(ready());"}},
      {"TestNG",
       "skipped-test",
       "src/test/java/ATest.java",
       {"  @Test(groups = \"a\")"},
       {"  @Test(groups = \"a\", enabled = false)"},
       5,
       {"  @Test(groups = \"a\")"},
       {"  @Test(groups = \"b\")"}},
      {"TestNG exception",
       "skipped-test",
       "src/test/java/ATest.java",
       {},
       {"    throw new SkipException(\"x\");"},
       5,
       {},
       {"    throw new IllegalStateException(\"x\");"}},
      {"pytest",
       "skipped-test",
       "tests/test_a.py",
       {},
       {"@pytest.mark.xfail"},
       5,
       {"@pytest.mark.xfail"},
       {}},
      {"pytest import",
       "skipped-test",
       "tests/test_a.py",
       {"import numpy"},
       {"numpy = pytest.importorskip('numpy')"},
       5,
       {"import numpy"},
       {"import numpy as np"}},
      {"unittest",
       "skipped-test",
       "tests/test_a.py",
       {},
       {"    @unittest.expectedFailure"},
       5,
       {},
       {"    @unittest.mock.patch('x')"}},
      {"Jest",
       "skipped-script-test",
       "a.test.ts",
       {"it('x', () => {"},
       {"it.skip('x', () => {"},
       5,
       {"it('x', () => {"},
       {"it('y', () => {"}},
      {"Vitest",
       "skipped-script-test",
       "a.test.ts",
       {"test('x', f)"},
       {"test.todo('x')"},
       5,
       {"test('x', f)"},
       {"test('x', g)"}},
      {"Mocha",
       "skipped-script-test",
       "a.spec.js",
       {"describe('x', () => {"},
       {"xdescribe('x', () => {"},
       5,
       {"describe('x', () => {"},
       {"describe('x', function () {"}},
      {"Jasmine",
       "skipped-script-test",
       "a.spec.js",
       {"it('x', f)"},
       {"fit('x', f)"},
       5,
       {"it('x', f)"},
       {"it('x', function() { model.fit(x) })"}},
      {"Go", "skipped-test", "a_test.go", {}, {"\tt.SkipNow()"}, 5, {}, {"\tt.Parallel()"}},
      {"Rust",
       "skipped-test",
       "src/lib.rs",
       {"    #[test]"},
       {"    #[test]", "    #[ignore = \"slow\"]"},
       6,
       {"    #[test]"},
       {"    #[tokio::test]"}},
      {"GoogleTest",
       "skipped-test",
       "a_test.cc",
       {"TEST(A, Works) {"},
       {"TEST(A, DISABLED_Works) {"},
       5,
       {"TEST(A, Works) {"},
       {"TEST(A, WorksAgain) {"}},
      {"Catch2",
       "skipped-native-test",
       "tests/a.cpp",
       {"TEST_CASE(\"x\", \"[net]\") {"},
       {"TEST_CASE(\"x\", \"[.][net]\") {"},
       5,
       {"TEST_CASE(\"x\", \"[net]\") {"},
       {"TEST_CASE(\"x\", \"[net][io]\") {"}},
      {"CTest",
       "skipped-native-test",
       "CMakeLists.txt",
       {},
       {"set_tests_properties(x PROPERTIES", "  WILL_FAIL TRUE)"},
       6,
       {},
       {"set_tests_properties(x PROPERTIES", "  LABELS unit)"}},
      {"RSpec",
       "skipped-ruby-test",
       "spec/a_spec.rb",
       {"  it 'works' do"},
       {"  xit 'works' do"},
       5,
       {"  it 'works' do"},
       {"  it 'still works' do"}},
      {"minitest",
       "skipped-ruby-test",
       "test/test_a.rb",
       {},
       {"    skip 'later'"},
       5,
       {},
       {"    setup_all"}},
      {"PHPUnit",
       "skipped-test",
       "tests/ATest.php",
       {},
       {"    $this->markTestSkipped();"},
       5,
       {},
       {"    $this->prepare();"}},
      {"PHPUnit group",
       "skipped-test",
       "tests/ATest.php",
       {},
       {"   * @group disabled"},
       5,
       {},
       {"   * @group net"}},
      {"xUnit",
       "skipped-test",
       "ATests.cs",
       {"    [Fact]"},
       {"    [Fact(Skip = \"x\")]"},
       5,
       {"    [Fact]"},
       {"    [Theory]"}},
      {"NUnit",
       "skipped-test",
       "ATests.cs",
       {},
       {"    [Ignore(\"x\")]"},
       5,
       {},
       {"    [Category(\"x\")]"}},
      {"Swift",
       "skipped-test",
       "Tests/ATests.swift",
       {},
       {"    throw XCTSkip(\"x\")"},
       5,
       {},
       {"    throw Failure(\"x\")"}},
      {"Elixir", "skipped-test", "test/a_test.exs", {}, {"  @tag :skip"}, 5, {}, {"  @tag :net"}},
      {"Perl",
       "skipped-perl-test",
       "t/a.t",
       {"plan tests => 3;"},
       {"plan skip_all => 'x';"},
       5,
       {"plan tests => 3;"},
       {"plan tests => 4;"}},
      {"dead code", "dead-test", "a_test.cc", {}, {"#if 0"}, 5, {}, {"#if defined(__linux__)"}},
  };
  for (const Case& c : cases) Judge(c);
}

TEST(GuardCheats, FewerTestsAndAssertions) {
  const Case cases[] = {
      {"an assertion goes",
       "fewer-assertions",
       "tests/test_a.py",
       {"    assert total() == 3"},
       {},
       5,
       {"    assert total() == 3"},
       {"    assert total() == 4", "    assert count() == 1"}},
      {"one of two goes",
       "fewer-assertions",
       "a.test.js",
       {"  expect(a).toBe(1)", "  expect(b).toBe(2)"},
       {"  expect(a).toBe(1)"},
       6,
       {"  expect(a).toBe(1)"},
       {"  expect(a)", "    .toBe(1)"}},
      {"commented out",
       "fewer-assertions",
       "a_test.cc",
       {"  EXPECT_EQ(x, 1);"},
       {"  // EXPECT_EQ(x, 1);"},
       5,
       {"  EXPECT_EQ(x, 1);"},
       {"  ASSERT_EQ(x, 1);"}},
      {"Go",
       "fewer-assertions",
       "a_test.go",
       {"\t\tt.Fatalf(\"got %v\", x)"},
       {"\t\tt.Logf(\"got %v\", x)"},
       5,
       {"\t\tt.Fatalf(\"got %v\", x)"},
       {"\t\tt.Errorf(\"got %v\", x)"}},
      {"a test goes",
       "removed-test",
       "tests/test_a.py",
       {"def test_a():", "    run()"},
       {},
       5,
       {"def test_a():"},
       {"def test_b():"}},
      {"a test hides its name",
       "removed-test",
       "tests/test_a.py",
       {"def test_a():"},
       {"def check_a():"},
       5,
       {"def helper():"},
       {"def help():"}},
      {"Rust",
       "removed-test",
       "src/lib.rs",
       {"    #[test]"},
       {},
       5,
       {"    #[test]"},
       {"    #[test]", "    #[test]"}},
      {"a body goes",
       "emptied-test",
       "tests/test_a.py",
       {"    check(run())"},
       {"    pass"},
       5,
       {"    check(run())"},
       {"    check(run(1))"}},
      {"an unused import goes",
       "removed-test",
       "tests/test_a.py",
       {"def test_a(): pass"},
       {},
       5,
       {"from unittest import assert_never"},
       {}},
  };
  for (const Case& c : cases) Judge(c);
}

TEST(GuardCheats, WeakerAssertions) {
  const Case cases[] = {
      {"Java",
       "loosened-assertion",
       "ATest.java",
       {"    assertEquals(3, x);"},
       {"    assertNotNull(x);"},
       5,
       {"    assertEquals(3, x);"},
       {"    assertThat(x).isEqualTo(3);"}},
      {"always true",
       "empty-assertion",
       "ATest.java",
       {"    assertEquals(3, x);"},
       {"    assertTrue(true);"},
       5,
       {"    assertEquals(true, x);"},
       {"    assertTrue(x);"}},
      {"Python",
       "loosened-assertion",
       "test_a.py",
       {"    assert f(x) == 3"},
       {"    assert f(x) is not None"},
       5,
       {"    assert f(x) == 3"},
       {"    assert f(x) == 4"}},
      {"Python approx",
       "loosened-assertion",
       "test_a.py",
       {"    assert f(x) == 0.3"},
       {"    assert f(x) == pytest.approx(0.3)"},
       5,
       {"    assert f(x) == 0.3"},
       {"    assert f(x) == 0.4"}},
      {"Jest",
       "loosened-assertion",
       "a.test.js",
       {"  expect(x).toBe(3)"},
       {"  expect(x).toBeTruthy()"},
       5,
       {"  expect(x).toEqual(undefined)"},
       {"  expect(x).toBeUndefined()"}},
      {"GoogleTest",
       "loosened-assertion",
       "a_test.cc",
       {"  EXPECT_EQ(x, 3);"},
       {"  EXPECT_GE(x, 3);"},
       5,
       {"  EXPECT_TRUE(x == 3);"},
       {"  EXPECT_EQ(x, 3);"}},
      {"RSpec",
       "loosened-assertion",
       "spec/a_spec.rb",
       {"    expect(x).to eq(3)"},
       {"    expect(x).to be_truthy"},
       5,
       {"    expect(x).to eq(3)"},
       {"    expect(x).to eql(3)"}},
      {"tolerance",
       "widened-tolerance",
       "test_a.py",
       {"    assert a == approx(b, abs=0.001)"},
       {"    assert a == approx(b, abs=0.1)"},
       5,
       {"    assert a == approx(b, abs=0.1)"},
       {"    assert a == approx(b, abs=0.001)"}},
      {"tolerance of another line",
       "widened-tolerance",
       "a_test.cc",
       {"  EXPECT_NEAR(a, b, 0.01);", "  EXPECT_NEAR(c, d, 0.5);"},
       {"  EXPECT_NEAR(c, d, 0.5);", "  EXPECT_NEAR(a, b, 0.5);"},
       6,
       {"  EXPECT_NEAR(a, b, 0.01);", "  EXPECT_NEAR(c, d, 0.5);"},
       {"  EXPECT_NEAR(c, d, 0.5);", "  EXPECT_NEAR(a, b, 0.01);"}},
      {"digits",
       "fewer-digits",
       "a.test.js",
       {"  expect(x).toBeCloseTo(1, 5)"},
       {"  expect(x).toBeCloseTo(1, 1)"},
       5,
       {"  expect(x).toBeCloseTo(1, 1)"},
       {"  expect(x).toBeCloseTo(1, 5)"}},
      {"timeout",
       "longer-timeout",
       "a.test.js",
       {"jest.setTimeout(5000)"},
       {"jest.setTimeout(90000)"},
       5,
       {"jest.setTimeout(5000)"},
       {"jest.setTimeout(4000)"}},
      {"Python swallows",
       "swallowed-exception",
       "test_a.py",
       {},
       {"    except Exception:", "        pass"},
       5,
       {},
       {"    except ValueError as e:", "        check(e)"}},
      {"Java swallows",
       "swallowed-exception",
       "ATest.java",
       {},
       {"    } catch (Exception e) {", "    }"},
       5,
       {},
       {"    } catch (Exception e) {", "      fail(e);", "    }"}},
      {"JavaScript swallows",
       "swallowed-exception",
       "a.test.js",
       {},
       {"  try { f() } catch {}"},
       5,
       {"  try { f() } catch {}"},
       {"  try { f() } catch { }"}},
  };
  for (const Case& c : cases) Judge(c);
}

TEST(GuardCheats, LowerThresholds) {
  const Case cases[] = {
      {"coverage.py",
       "lowered-threshold",
       "pyproject.toml",
       {"fail_under = 90"},
       {"fail_under = 50"},
       5,
       {"fail_under = 90"},
       {"fail_under = 95"}},
      {"coverage.py, gone",
       "lowered-threshold",
       ".coveragerc",
       {"fail_under = 90"},
       {"show_missing = True"},
       5,
       {"fail_under=90", "x = 1"},
       {"x = 1", "fail_under = 90"}},
      {"Jest",
       "lowered-coverage",
       "jest.config.js",
       {"      branches: 80,"},
       {"      branches: 8,"},
       5,
       {"      branches: 80,"},
       {"      branches: 80"}},
      {"ESLint",
       "raised-warnings",
       "package.json",
       {"  \"lint\": \"eslint --max-warnings 0\""},
       {"  \"lint\": \"eslint --max-warnings 99\""},
       5,
       {"  \"lint\": \"eslint --max-warnings 9\""},
       {"  \"lint\": \"eslint --max-warnings 0\""}},
      {"flake8",
       "raised-limit",
       "setup.cfg",
       {"max-line-length = 79"},
       {"max-line-length = 300"},
       5,
       {"max-line-length = 79"},
       {"max-line-length=79"}},
  };
  for (const Case& c : cases) Judge(c);
}

TEST(GuardCheats, AMovedTestIsNoDeletedOne) {
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

TEST(GuardCheats, AnAssertionMayMoveToAnotherFile) {
  PatchBuilder b;
  b.Modify("tests/test_a.py", {"    assert f() == 1"}, {})
      .Modify("tests/test_b.py", {}, {"  assert f() == 1"});
  EXPECT_THAT(RulesFound(b.patch, PlanFor()), IsEmpty());
  PatchBuilder other;
  other.Modify("tests/test_a.py", {"    assert f() == 1"}, {})
      .Modify("tests/test_b.py", {}, {"  assert 1 == f2()"});
  EXPECT_THAT(RulesFound(other.patch, PlanFor()), Contains("fewer-assertions"));
}

TEST(GuardCheats, AnEmptiedFileHasLostItsTests) {
  PatchBuilder b;
  b.Modify("a_test.go", {"func TestA(t *testing.T) {", "\tt.Fatal(1)", "}"}, {});
  EXPECT_THAT(RulesFound(b.patch, PlanFor()), Contains("removed-test"));
}

TEST(GuardCheats, ASnapshotFollowsTheCode) {
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

TEST(GuardCheats, ATemplateRelaxesRulesByName) {
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
