#include "daemon/triage/triage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/triage/evidence.h"
#include "daemon/triage/failed_test.h"
#include "daemon/triage/report.h"
#include "tests/unit/triage/shipped_rules.h"

namespace regreen {
namespace {

struct Case {
  const char* fixture;
  FailureClass failure_class;
  const char* rule;
  const char* signature;
};

const Case kFixtures[] = {
    {"github-pytest.log", FailureClass::kTest, "pytest-failed",
     "pytest: tests/test_cart.py::test_total_price — AssertionError"},
    {"gitlab-pytest.log", FailureClass::kTest, "pytest-failed",
     "pytest: tests/test_cart.py::test_total_price — AssertionError"},
    {"travis-maven.log", FailureClass::kTest, "surefire-failed",
     "surefire: com.acme.CartTest.addsUp — org.opentest4j.AssertionFailedError"},
    {"buildkite-go.log", FailureClass::kTest, "go-test-failed",
     "go test: TestTotal — got <n>, want <n>"},
    {"azure-msvc.log", FailureClass::kCompile, "msvc-error",
     "msvc: src/cart.cpp — C2065: 'total': undeclared identifier"},
    {"jenkins-gcc.log", FailureClass::kCompile, "gcc-clang-error",
     "cc: src/cart.cc — 'sum' was not declared in this scope"},
    {"docker-npm.log", FailureClass::kDependency, "npm-lockfile",
     "npm: package-lock.json does not fit package.json"},
    {"cargo.log", FailureClass::kCompile, "rustc-error",
     "rustc: src/cart.rs — cannot find value 'totl' in this scope"},
    {"progress.log", FailureClass::kNetwork, "curl-wget",
     "curl: Operation timed out after <n> milliseconds"},
    {"green-github.log", FailureClass::kNone, "", ""},
};

TEST(Triage, NamesTheFailureOfEachFixture) {
  for (const Case& c : kFixtures) {
    const Evidence evidence = TriageOf(Fixture(c.fixture));
    EXPECT_EQ(ToString(evidence.failure_class), ToString(c.failure_class)) << c.fixture;
    EXPECT_EQ(evidence.rule, c.rule) << c.fixture;
    EXPECT_EQ(evidence.signature, c.signature) << c.fixture;
    EXPECT_EQ(evidence.fingerprint.empty(), c.failure_class == FailureClass::kNone) << c.fixture;
  }
}

TEST(Triage, GivesOneFailureOneFingerprintOnTwoVendors) {
  const Evidence github = TriageOf(Fixture("github-pytest.log"));
  const Evidence gitlab = TriageOf(Fixture("gitlab-pytest.log"));
  EXPECT_EQ(github.fingerprint, gitlab.fingerprint);
  EXPECT_EQ(github.failed_tests, gitlab.failed_tests);
  EXPECT_EQ(github.exit_code, 1);
  EXPECT_EQ(gitlab.exit_code, 1);
  EXPECT_EQ(github.command, "python -m pytest tests");
  EXPECT_EQ(gitlab.command, "python -m pytest tests");
  EXPECT_EQ(TriageOf(Fixture("travis-maven.log")).command, "mvn -B verify");
}

TEST(Triage, GivesTwoFailingTestsTwoFingerprints) {
  const Evidence one = TriageOf("FAILED tests/test_a.py::test_x - ValueError: 1\n");
  const Evidence two = TriageOf("FAILED tests/test_a.py::test_y - ValueError: 1\n");
  EXPECT_NE(one.fingerprint, two.fingerprint);
}

TEST(Triage, DoesNotCareInWhichOrderTestsFailed) {
  const std::string x = "FAILED tests/test_a.py::test_x - ValueError: 1\n";
  const std::string y = "FAILED tests/test_a.py::test_y - KeyError: 'a'\n";
  EXPECT_EQ(TriageOf(x + y).fingerprint, TriageOf(y + x).fingerprint);
}

TEST(Triage, PointsAtTheRawLine) {
  const std::string raw = Fixture("github-pytest.log");
  const Evidence evidence = TriageOf(raw);
  const auto primary = std::ranges::find_if(
      evidence.lines, [](const EvidenceLine& line) { return line.text.starts_with("FAILED "); });
  ASSERT_NE(primary, evidence.lines.end());
  EXPECT_EQ(primary->role, "primary");
  EXPECT_EQ(
      primary->n,
      1 + std::count(raw.begin(), raw.begin() + static_cast<long>(raw.find("Z FAILED ")), '\n'));
}

TEST(Triage, TellsDiagnosticsAsFileLineAndMessage) {
  const Evidence evidence = TriageOf(Fixture("jenkins-gcc.log"));
  ASSERT_EQ(evidence.diagnostics.size(), 1U);
  EXPECT_EQ(evidence.diagnostics[0].file, "src/cart.cc");
  EXPECT_EQ(evidence.diagnostics[0].line, 12);
  EXPECT_EQ(evidence.diagnostics[0].column, 5);
  EXPECT_EQ(evidence.diagnostics[0].message, "'sum' was not declared in this scope");
  EXPECT_EQ(evidence.exit_code, 2);
}

TEST(Triage, BlamesTheExitCodeOnlyWhenNothingBetterIsThere) {
  const Evidence bare =
      TriageOf("##[group]Run ./x\n##[error]Process completed with exit code 3.\n");
  EXPECT_EQ(bare.rule, "exit-code");
  EXPECT_EQ(bare.exit_code, 3);
  const Evidence better = TriageOf(
      "##[group]Run ./x\nsh: 1: jest: not found\n##[error]Process completed with exit code 127.\n");
  EXPECT_EQ(better.rule, "command-not-found");
  EXPECT_EQ(better.exit_code, 127);
}

TEST(Triage, IgnoresWhatPassedStepsSaid) {
  const Evidence evidence = TriageOf(
      "##[group]Run make a\nsrc/a.c:1:1: error: not this one\n##[group]Run make b\n"
      "src/b.c:1:1: error: this one\n##[error]Process completed with exit code 2.\n");
  EXPECT_EQ(evidence.signature, "cc: src/b.c — this one");
}

TEST(Triage, LooksElsewhereWhenTheFailedStepSaysNothing) {
  const Evidence evidence = TriageOf(
      "##[group]Run make a\nsrc/a.c:1:1: error: this one\n##[group]Run ./verdict\n"
      "##[error]Process completed with exit code 2.\n");
  EXPECT_EQ(evidence.signature, "cc: src/a.c — this one");
}

TEST(Triage, FindsNoFailureInAGreenLog) {
  EXPECT_EQ(TriageOf("").failure_class, FailureClass::kNone);
  EXPECT_EQ(TriageOf("all is well\n0 errors\n").failure_class, FailureClass::kNone);
  EXPECT_EQ(TriageOf("error: odd\nJob succeeded\n").failure_class, FailureClass::kNone);
  EXPECT_TRUE(TriageOf(Fixture("green-github.log")).lines.empty());
}

TEST(Triage, KeepsItsCaps) {
  std::string raw;
  for (int i = 0; i < 5000; ++i) {
    raw +=
        "FAILED tests/test_" + std::to_string(i) + ".py::test_x - " + std::string(3000, 'x') + "\n";
  }
  const Evidence evidence = TriageOf(raw);
  EXPECT_EQ(evidence.failed_tests.size(), kMaxFailedTests);
  EXPECT_LE(evidence.lines.size(), kMaxEvidenceLines);
  for (const EvidenceLine& line : evidence.lines) EXPECT_LE(line.text.size(), kMaxLineBytes);
  EXPECT_LT(evidence.signature.size(), 1000U);
}

TEST(FailedTests, AreNamedAsMochaNestsThem) {
  const Evidence evidence = TriageOf(Fixture("mocha-jest.log"));
  EXPECT_EQ(evidence.failed_tests, (std::vector<std::string>{"Cart totals", "Cart › totals"}));
}

TEST(FailedTests, AreToldOnceUnderTheirFullName) {
  const std::vector<std::string> names = {"CartTest.addsUp", "com.acme.CartTest.addsUp",
                                          "TestA.test_x",    "pkg/test_a.py::TestA::test_x",
                                          "works",           "works",
                                          "a works"};
  EXPECT_EQ(Distinct(names),
            (std::vector<std::string>{"com.acme.CartTest.addsUp", "pkg/test_a.py::TestA::test_x",
                                      "works", "a works"}));
}

TEST(Report, ShowsWhatOneWouldPasteIntoABugReport) {
  const std::string text = RenderEvidence(TriageOf(Fixture("github-pytest.log")), "job.log");
  EXPECT_NE(text.find("job.log\n"), std::string::npos);
  EXPECT_NE(text.find("pytest: tests/test_cart.py::test_total_price — AssertionError"),
            std::string::npos);
  EXPECT_NE(text.find("failed tests (1):"), std::string::npos);
  EXPECT_NE(text.find("  FAILED tests/test_cart.py::test_total_price"), std::string::npos);
}

TEST(Report, SaysWhenThereIsNoFailure) {
  EXPECT_EQ(RenderEvidence(Evidence(), "x.log"), "x.log\n  no failure found in this log\n");
  JsonWriter out;
  WriteTriageJson(Evidence(), "x.log", out);
  EXPECT_EQ(
      out.Take(),
      R"({"file":"x.log","class":"none","rule":"","signature":"","fingerprint":"","tool":"",)"
      R"("step":"","command":"","exit_code":null,"failed_tests":[],"diagnostics":[],"lines":[]})");
}

TEST(Report, EscapesWhatATerminalWouldObey) {
  Evidence evidence;
  evidence.failure_class = FailureClass::kTest;
  evidence.signature = "a\x1b]0;b";
  EXPECT_EQ(RenderEvidence(evidence, "x\n.log").find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace regreen
