// The templates that are shipped: each loads, is chosen for what its tool prints, and for nothing
// else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "daemon/base/file.h"
#include "daemon/base/regex.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"
#include "tests/support/paths.h"
#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

std::vector<PolicySource> FilesOf(const std::string& part, const std::string& extension) {
  std::vector<PolicySource> sources;
  const std::filesystem::path folder = std::filesystem::path(SourceFolder()) / "policies" / part;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != extension) continue;
    const auto text = ReadFile(entry.path(), 1 << 20);
    EXPECT_TRUE(text.ok()) << entry.path();
    const std::string file = entry.path().filename().string();
    sources.push_back({file, *text, Cat(part, "/", file)});
  }
  return sources;
}

PolicySources ShippedSources() {
  return {FilesOf("templates", ".toml"), FilesOf("base", ".toml"), FilesOf("prompts", ".md")};
}

std::shared_ptr<const PolicySet> Shipped() {
  Problems problems;
  auto set = LoadPolicies(ShippedSources(), problems);
  EXPECT_EQ(problems.Render(), "");
  return set;
}

struct Case {
  const char* name;
  const char* wanted;  // the template, "" for none
  FailureClass failure_class;
  const char* tool;
  const char* command;
  std::vector<std::string> lines;
};

const std::vector<Case>& Cases() {
  using enum FailureClass;
  static const std::vector<Case> cases = {
      {"clang-format dry run",
       "clang-format",
       kFormat,
       "clang-format",
       "make format-check",
       {"src/a.cc:3:12: error: code should be clang-formatted [-Wclang-format-violations]"}},
      {"gofmt in the log", "gofmt", kFormat, "gofmt", "make lint", {"+ gofmt -l .", "main.go"}},
      {"golangci-lint",
       "gofmt",
       kLint,
       "golangci-lint",
       "golangci-lint run",
       {"main.go:5: File is not `gofmt`-ed with `-s` (gofmt)"}},
      {"gofmt by its command alone", "gofmt", kUnknown, "", "test -z \"$(gofmt -l .)\"", {}},
      {"Prettier 3",
       "prettier",
       kFormat,
       "prettier",
       "npm run format:check",
       {"[warn] src/a.js",
        "[warn] Code style issues found in 2 files. Run Prettier with --write to fix."}},
      {"Prettier 2",
       "prettier",
       kFormat,
       "prettier",
       "npx prettier --check .",
       {"[warn] Code style issues found in the above file. Forgot to run Prettier?"}},
      {"Black",
       "black",
       kFormat,
       "black",
       "black --check .",
       {"would reformat src/a.py", "Oh no! \xF0\x9F\x92\xA5 \xF0\x9F\x92\x94 \xF0\x9F\x92\xA5",
        "1 file would be reformatted."}},
      {"ruff format",
       "ruff-format",
       kFormat,
       "ruff",
       "ruff format --check .",
       {"Would reformat: src/a.py", "1 file would be reformatted"}},
      {"ruff",
       "ruff",
       kLint,
       "ruff",
       "ruff check .",
       {"src/a.py:1:8: F401 [*] `os` imported but unused", "Found 1 error.",
        "[*] 1 fixable with the `--fix` option."}},
      {"ruff without fixes",
       "",
       kLint,
       "ruff",
       "ruff check .",
       {"src/a.py:1:8: F821 Undefined name `x`", "Found 1 error."}},
      {"ESLint",
       "eslint",
       kLint,
       "eslint",
       "npm run lint",
       {"  1:10  error  Missing semicolon  semi", "\xE2\x9C\x96 3 problems (3 errors, 0 warnings)",
        "  2 errors and 0 warnings potentially fixable with the `--fix` option."}},
      {"ESLint without fixes",
       "",
       kLint,
       "eslint",
       "npm run lint",
       {"  1:10  error  'x' is not defined  no-undef",
        "\xE2\x9C\x96 1 problem (1 error, 0 warnings)"}},
      {"npm ci",
       "npm-lockfile-drift",
       kDependency,
       "npm",
       "npm ci",
       {"npm ERR! `npm ci` can only install packages when your package.json and package-lock.json "
        "or "
        "npm-shrinkwrap.json are in sync."}},
      {"npm 404", "", kDependency, "npm", "npm ci", {"npm ERR! 404 Not Found - GET left-pad"}},
      {"go.sum entry",
       "go-mod-tidy",
       kDependency,
       "go",
       "go build ./...",
       {"main.go:3:8: missing go.sum entry for module providing package rsc.io/quote"}},
      {"go.mod not tidy",
       "go-mod-tidy",
       kDependency,
       "go",
       "go build ./...",
       {"go: updates to go.mod needed; to update it:", "\tgo mod tidy"}},
      {"rustfmt",
       "rustfmt",
       kFormat,
       "rustfmt",
       "cargo fmt --all -- --check",
       {"Diff in src/main.rs:3:", "-fn main(){}"}},
      {"rustfmt, older form",
       "rustfmt",
       kFormat,
       "rustfmt",
       "make fmt",
       {"Diff in /home/ci/x/src/main.rs at line 3:"}},
      {"git diff --check",
       "whitespace",
       kLint,
       "git",
       "git diff --check HEAD~",
       {"docs/a.txt:3: trailing whitespace."}},
      {"pre-commit",
       "whitespace",
       kLint,
       "pre-commit",
       "pre-commit run --all-files",
       {"Trim Trailing Whitespace.................................................Failed"}},
      {"a diff that ends without a line break",
       "",
       kFormat,
       "shfmt",
       "shfmt -d .",
       {"-a", "\\ No newline at end of file"}},
      {"a failing test",
       "",
       kTest,
       "pytest",
       "pytest",
       {"FAILED tests/test_a.py::test_x - assert 1 == 2"}},
      {"a failing test that mentions a formatter",
       "",
       kTest,
       "pytest",
       "pytest",
       {"E  AssertionError: would reformat a.py", "would reformat a.py"}},
      {"a compiler error",
       "",
       kCompile,
       "gcc",
       "make",
       {"src/a.cc:3:1: error: expected ';' before '}' token"}},
      {"a lost runner",
       "infrastructure",
       kInfra,
       "",
       "make",
       {"The runner has received a shutdown signal."}},
  };
  return cases;
}

Incident IncidentOf(const Case& c) {
  Incident incident = SampleIncident();
  incident.evidence = {};
  incident.evidence.failure_class = c.failure_class;
  incident.evidence.tool = c.tool;
  incident.evidence.command = c.command;
  for (const std::string& line : c.lines) {
    incident.evidence.lines.push_back(
        {static_cast<std::int64_t>(incident.evidence.lines.size()) + 1, line, "primary"});
  }
  return incident;
}

TEST(ShippedTemplates, AreChosenForWhatTheirToolsPrintAndForNothingElse) {
  const auto set = Shipped();
  ASSERT_NE(set, nullptr);
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    SelectOptions options;
    options.command = c.command;
    const Selection selection = Select(IncidentOf(c), *set, options);
    EXPECT_EQ(selection.plan ? selection.plan->template_name : "", c.wanted)
        << RenderSelection(selection);
  }
}

TEST(ShippedTemplates, NeedNoPriorityToBeToldApart) {
  const auto set = Shipped();
  ASSERT_NE(set, nullptr);
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    SelectOptions options;
    options.command = c.command;
    std::string fitting;
    for (const Template& t : set->templates()) {
      if (t.stage == Stage::kDraft) continue;  // comes last, and only by hand
      options.only_template = t.name;
      if (Select(IncidentOf(c), *set, options).plan) fitting += t.name;
    }
    EXPECT_EQ(fitting, c.wanted);
  }
}

TEST(ShippedTemplates, AreALibrary) {
  const auto set = Shipped();
  ASSERT_NE(set, nullptr);
  EXPECT_GE(set->templates().size(), 24u);
}

TEST(ShippedTemplates, WorkOnAnyRepository) {
  const auto set = Shipped();
  ASSERT_NE(set, nullptr);
  const std::set<std::string> of_one_place = {"ci",  "repo", "branch", "event",       "workflow",
                                              "job", "step", "author", "failing_test"};
  for (const Template& t : set->templates()) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(t.verify_command, "auto");
    EXPECT_TRUE(t.workspace.empty());
    EXPECT_TRUE(t.change_target.empty());
    for (const auto* conditions : {&t.match, &t.unless}) {
      for (const Condition& c : *conditions) EXPECT_FALSE(of_one_place.contains(c.key)) << c.key;
    }
  }
}

TEST(ShippedTemplates, AreHeldByLimitsAndGates) {
  const auto set = Shipped();
  ASSERT_NE(set, nullptr);
  for (const Template& t : set->templates()) {
    SCOPED_TRACE(t.name);
    EXPECT_GT(t.limits.per_day, 0);
    EXPECT_GT(t.promote.min_tasks, 0);
    EXPECT_NE(t.stage, Stage::kAuto);
    EXPECT_FALSE(t.auto_merge);
  }
}

TEST(ShippedTemplates, AskAnAgentOnlyAsADraftThatComesLast) {
  const auto set = Shipped();
  ASSERT_NE(set, nullptr);
  int of_others = 1000, with_agent = 0;
  for (const Template& t : set->templates()) {
    const auto agent = std::find_if(t.steps.begin(), t.steps.end(),
                                    [](const Step& step) { return step.kind == StepKind::kAgent; });
    if (agent == t.steps.end()) {
      of_others = std::min(of_others, t.priority);
      continue;
    }
    SCOPED_TRACE(t.name);
    ++with_agent;
    EXPECT_EQ(t.stage, Stage::kDraft);
    EXPECT_EQ(t.priority, -100);
    EXPECT_GT(agent->max_usd, 0);
    EXPECT_GT(t.limits.usd_per_day, 0);
    EXPECT_LE(t.guard_max_lines, 200);
  }
  EXPECT_GT(with_agent, 0);
  EXPECT_GT(of_others, -100);
}

TEST(ShippedTemplates, NameNoRepositoryAndNoHost) {
  const auto remote =
      Regex::Compile(R"re((?i)[a-z]+://|git@|\bgithub\.com\b|\bgitlab\.com\b|\bacme\b)re");
  ASSERT_TRUE(remote.ok());
  const PolicySources all = ShippedSources();
  for (const auto* sources : {&all.templates, &all.bases, &all.prompts}) {
    for (const PolicySource& source : *sources)
      EXPECT_FALSE(remote->Contains(source.text)) << source.name;
  }
}

TEST(ShippedTemplates, AreFiledUnderTheirNames) {
  const auto set = Shipped();
  ASSERT_NE(set, nullptr);
  for (const Template& t : set->templates()) EXPECT_EQ(t.where.file, t.name + ".toml");
}

}  // namespace
}  // namespace regreen
