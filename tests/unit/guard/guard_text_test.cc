// What a patch says and deletes, by the rules that are shipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/guard/patches.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(GuardText, RefusesToLoseATest) {
  for (const char* path : {"tests/a.txt", "src/a_test.go", "a.spec.ts", "test_x.py",
                           "src/test/java/AIT.java", "FooTest.java"}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Delete(path).patch, PlanFor({"**"})), ElementsAre("deleted-test"));
  }
  PatchBuilder b;
  EXPECT_THAT(RulesFound(b.Delete("src/latest.cc").patch, PlanFor()), IsEmpty());
}

TEST(GuardText, RefusesAddedTextThatCheats) {
  struct Case {
    const char* rule;
    const char* path;
    const char* line;
  };
  const Case cases[] = {
      {"skipped-test", "test_a.py", "@pytest.mark.skip(reason='later')"},
      {"skipped-test", "test_a.py", "@pytest.mark.xfail"},
      {"skipped-test", "test_a.py", "    pytest.skip('no')"},
      {"skipped-test", "test_a.py", "@unittest.skipIf(True, '')"},
      {"skipped-test", "ATest.java", "  @Disabled"},
      {"skipped-test", "ATest.java", "  @Ignore(\"slow\")"},
      {"skipped-test", "ATest.java", "@Test(enabled = false)"},
      {"skipped-test", "a_test.go", "\tt.Skip(\"flaky\")"},
      {"skipped-test", "a.rs", "#[ignore]"},
      {"skipped-test", "a_test.cc", "  GTEST_SKIP();"},
      {"skipped-test", "a_test.cc", "TEST(A, DISABLED_Works) {"},
      {"skipped-test", "ATests.cs", "[Fact(Skip = \"flaky\")]"},
      {"skipped-test", "ATest.php", "$this->markTestSkipped();"},
      {"skipped-script-test", "a.test.ts", "it.skip('x', () => {})"},
      {"skipped-script-test", "a.test.ts", "describe.only('x', () => {})"},
      {"skipped-script-test", "a.test.js", "xit('x', () => {})"},
      {"skipped-script-test", "a.test.js", "test.concurrent.skip('x', f)"},
      {"skipped-ruby-test", "a_spec.rb", "  xit 'works' do"},
      {"ignored-failure", "tools.yml", "    continue-on-error: true"},
      {"ignored-failure", "tools.yml", "  allow_failure: true"},
      {"ignored-failure", "Makefile", "\tpytest || true"},
      {"ignored-failure", "package.json", "\"test\": \"jest || true\""},
      {"ignored-failure", "release.sh", "git commit --no-verify -m x"},
      {"ignored-failure", "run.sh", "set +e"},
      {"muted-check", "a.js", "// eslint-disable-next-line no-undef"},
      {"muted-check", "a.ts", "// @ts-ignore"},
      {"muted-check", "a.py", "import os  # noqa"},
      {"muted-check", "a.py", "x = y  # type: ignore[arg-type]"},
      {"muted-check", "a.cc", "int* p;  // NOLINT(readability)"},
      {"muted-check", "A.java", "@SuppressWarnings(\"unchecked\")"},
      {"muted-check", "a.rs", "#![allow(dead_code)]"},
      {"muted-check", "a.go", "x() //nolint:errcheck"},
      {"invisible-text", "a.py", "if x: \u202E# admin\u2066"},
      {"invisible-text", "README.md", "zero\u200Bwidth"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    PatchBuilder b;
    b.Modify(c.path, {"before"}, {"fine", c.line});
    const Verdict verdict = Judge(b.patch, PlanFor({"**"}), ShippedRules(), nullptr);
    ASSERT_EQ(verdict.findings.size(), 1u);
    EXPECT_EQ(verdict.findings[0].rule, c.rule);
    EXPECT_EQ(verdict.findings[0].file, c.path);
    EXPECT_EQ(verdict.findings[0].line, 6);
    PatchBuilder gone;
    EXPECT_THAT(RulesFound(gone.Modify(c.path, {c.line}, {"fine"}).patch, PlanFor({"**"})),
                Not(Contains(c.rule)))
        << "to take it out is welcome";
    PatchBuilder moved;
    EXPECT_THAT(RulesFound(moved.Modify(c.path, {Cat("    ", c.line)}, {Cat("\t", c.line)}).patch,
                           PlanFor({"**"})),
                IsEmpty())
        << "a formatter may move it";
    PatchBuilder twice;
    EXPECT_THAT(RulesFound(twice.Modify(c.path, {c.line}, {c.line, c.line}).patch, PlanFor({"**"})),
                ElementsAre(c.rule));
  }
}

TEST(GuardText, DoesNotTakeOrdinaryCodeForCheating) {
  struct Case {
    const char* path;
    const char* line;
  };
  const Case cases[] = {
      {"a.py", "model.fit(x, y)"},      {"a.js", "submit(form); visit(url)"},
      {"a.cc", "if (a || b) return;"},  {"a.py", "skip_header = True"},
      {"a.java", "@JsonIgnore"},        {"a.md", "Never write `|| true`."},
      {"a.go", "s.SkipSpace()"},        {"a.ts", "const only = items.only"},
      {"a.rb", "next if skip"},         {"a.txt", "ghp_short"},
      {"a.cc", "x ||= truely"},         {"a.py", "noqa = 1"},
      {"a.js", "it.each([1, 2])('x')"}, {"a.txt", "caf\u00e9 \u4e2d\u6587"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Modify(c.path, {"x"}, {c.line}).patch, PlanFor({"**"})), IsEmpty());
  }
}

TEST(GuardText, RefusesSecretsAndNeverRepeatsThem) {
  const std::string body = "0123456789abcdefghijklmnopqrstuvwxyzABCD";
  const std::string secrets[] = {
      "ghp_" + body,
      "gho_" + body,
      "github_pat_" + body,
      "glpat-" + body,
      "AKIA" + std::string("ABCDEFGHIJKLMNOP"),
      "xoxb-" + body,
      "sk-ant-" + body,
      "npm_" + body,
      std::string("-----BEGIN RSA ") + "PRIVATE KEY-----",
      std::string("-----BEGIN ") + "PRIVATE KEY-----",
  };
  for (const std::string& secret : secrets) {
    PatchBuilder b;
    b.Modify("a.env", {"x"}, {"token = \"" + secret + "\""});
    const Verdict verdict = Judge(b.patch, PlanFor({"**"}), ShippedRules(), nullptr);
    ASSERT_EQ(verdict.findings.size(), 1u) << secret.substr(0, 8);
    EXPECT_EQ(verdict.findings[0].rule, "secret");
    EXPECT_THAT(verdict.findings[0].reason, Not(HasSubstr(secret.substr(0, 12))));
  }
}

TEST(GuardText, AnOldSecretDoesNotHideANewOne) {
  const std::string old_one = "ghp_" + std::string(36, 'a'),
                    new_one = "ghp_" + std::string(36, 'b');
  PatchBuilder b;
  b.Modify("a", {"t = " + old_one}, {"t = " + old_one + " " + new_one});
  EXPECT_THAT(RulesFound(b.patch, PlanFor({"**"})), ElementsAre("secret"));
}

TEST(GuardText, TellsAtMostAHundredFindings) {
  PatchBuilder b;
  b.Add("a.py", Lines(500, "x  # noqa"));
  const Verdict verdict = Judge(b.patch, PlanFor({"**"}), ShippedRules(), nullptr);
  ASSERT_EQ(verdict.findings.size(), 101u);
  EXPECT_EQ(verdict.findings.back().reason, "and 400 more findings.");
}

// Five megabytes of code that holds something of every rule, as a hostile patch may.
TEST(GuardText, JudgesAHugePatchInOnePass) {
  const Lines kinds{"    assert total(x) == 3",
                    "// eslint maybe, never || falsely",
                    "it('x', () => {",
                    "  EXPECT_EQ(x, 1.5);",
                    "    except ValueError:",
                    "  skip_header(timeout=5)",
                    "\tt.Errorf(\"%v\", err)",
                    "key = sha_of(Disabled, noqat)",
                    ""};
  Lines lines;
  std::size_t bytes = 0;
  for (std::size_t i = 0; bytes < 5'000'000; ++i) {
    lines.push_back(Cat(kinds[i % kinds.size()], " # ", i));
    bytes += lines.back().size() + 1;
  }
  PatchBuilder b;
  b.Add("tests/test_a.py", lines);
  Plan plan = PlanFor();
  plan.guard_max_lines = 1'000'000;
  const Secret secret("a-secret-of-the-daemon");
  const KnownSecrets known(std::span(&secret, 1));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(Judge(b.patch, plan, ShippedRules(), &known).allowed);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds", Cat(took.count()));
  EXPECT_LT(took.count(), 20)
      << "a bound for the slowest machine and build; a square would be hours";
}

}  // namespace
}  // namespace regreen
