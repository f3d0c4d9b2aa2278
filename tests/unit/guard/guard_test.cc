// The guard with the rules that are shipped.
#include "daemon/guard/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const GuardRules& Rules() {
  static const std::shared_ptr<const GuardRules> rules = [] {
    const std::string path = std::string(REGREEN_SOURCE_DIR) + "/policies/guard/default.toml";
    const auto text = ReadFile(path, 1 << 20);
    const GuardSource source{"default.toml", text.ok() ? *text : ""};
    Problems problems;
    auto loaded = GuardRules::Load(std::span(&source, 1), problems);
    EXPECT_NE(loaded, nullptr) << problems.Render();
    return loaded;
  }();
  return *rules;
}

using Lines = std::vector<std::string>;

// A patch as the trusted side captures it.
struct PatchBuilder {
  Patch patch{"0123456789012345678901234567890123456789", "", "", {}};

  PatchBuilder& Modify(const std::string& path, const Lines& removed, const Lines& added, unsigned mode = 0100644) {
    Append(patch.bytes, "diff --git a/", path, " b/", path, "\nindex 1111111..2222222 ", Octal(mode), "\n--- a/", path,
           "\n+++ b/", path, "\n@@ -5,", removed.size(), " +5,", added.size(), " @@\n");
    return Body(path, FileChange::Kind::kModified, removed, added, mode, mode);
  }
  PatchBuilder& Add(const std::string& path, const Lines& added, unsigned mode = 0100644) {
    Append(patch.bytes, "diff --git a/", path, " b/", path, "\nnew file mode ", Octal(mode),
           "\nindex 0000000..2222222\n--- /dev/null\n+++ b/", path, "\n@@ -0,0 +1,", added.size(), " @@\n");
    return Body(path, FileChange::Kind::kAdded, {}, added, 0, mode);
  }
  PatchBuilder& Delete(const std::string& path, unsigned mode = 0100644) {
    Append(patch.bytes, "diff --git a/", path, " b/", path, "\ndeleted file mode ", Octal(mode),
           "\nindex 1111111..0000000\n--- a/", path, "\n+++ /dev/null\n@@ -1 +0,0 @@\n");
    return Body(path, FileChange::Kind::kDeleted, {"x"}, {}, mode, 0);
  }
  PatchBuilder& Binary(const std::string& path) {
    Append(patch.bytes, "diff --git a/", path, " b/", path,
           "\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 3\nKcmZQ@\n\nliteral 3\nKcmZQ@\n\n");
    patch.files.push_back({FileChange::Kind::kModified, path, 0100644, 0100644, true, 0, 0});
    return *this;
  }

 private:
  static std::string Octal(unsigned mode) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%o", mode);
    return digits;
  }
  PatchBuilder& Body(const std::string& path, FileChange::Kind kind, const Lines& removed, const Lines& added,
                     unsigned old_mode, unsigned new_mode) {
    for (const std::string& line : removed) Append(patch.bytes, "-", line, "\n");
    for (const std::string& line : added) Append(patch.bytes, "+", line, "\n");
    patch.files.push_back({kind, path, old_mode, new_mode, false, static_cast<int>(added.size()), static_cast<int>(removed.size())});
    return *this;
  }
};

Plan PlanFor(const std::vector<std::string>& paths = {}) {
  Plan plan;
  plan.guard_paths = paths;
  return plan;
}

std::vector<std::string> RulesFound(const Patch& patch, const Plan& plan) {
  const Verdict verdict = Judge(patch, plan, Rules());
  std::vector<std::string> names;
  for (const Finding& finding : verdict.findings) {
    names.push_back(finding.rule);
    EXPECT_TRUE(finding.reason.ends_with('.')) << finding.reason;
  }
  EXPECT_EQ(verdict.allowed, names.empty());
  return names;
}

TEST(Guard, AllowsAPlainRepair) {
  PatchBuilder b;
  b.Modify("src/a.cc", {"int x = 1 ;"}, {"int x = 1;"}).Add("src/b.cc", {"int y;"}).Delete("src/c.cc");
  EXPECT_THAT(RulesFound(b.patch, PlanFor()), IsEmpty());
  EXPECT_THAT(RulesFound(b.patch, PlanFor({"src/**"})), IsEmpty());
}

TEST(Guard, RefusesAnEmptyPatch) { EXPECT_THAT(RulesFound(Patch(), PlanFor()), ElementsAre("empty")); }

TEST(Guard, RefusesWhatItCannotRead) {
  Patch patch;
  patch.bytes = "@@@ combined\n";
  EXPECT_THAT(RulesFound(patch, PlanFor()), ElementsAre("format"));
}

TEST(Guard, RefusesBytesThatTheListDoesNotTell) {
  PatchBuilder b;
  b.Modify("a", {"x"}, {"y"}).Modify("b", {"x"}, {"y"});
  Patch hidden = b.patch, phantom = b.patch, other_mode = b.patch, other_kind = b.patch, twice = b.patch;
  hidden.files.pop_back();
  EXPECT_THAT(RulesFound(hidden, PlanFor()), ElementsAre("format"));
  phantom.files.push_back({FileChange::Kind::kModified, "c", 0100644, 0100644, false, 1, 1});
  EXPECT_THAT(RulesFound(phantom, PlanFor()), ElementsAre("format"));
  other_mode.files[0].new_mode = 0100755;
  EXPECT_THAT(RulesFound(other_mode, PlanFor()), ElementsAre("format"));
  other_kind.files[0].kind = FileChange::Kind::kAdded;
  EXPECT_THAT(RulesFound(other_kind, PlanFor()), ElementsAre("format"));
  twice.bytes += twice.bytes;
  EXPECT_THAT(RulesFound(twice, PlanFor()), ElementsAre("format", "format"));
}

TEST(Guard, KeepsToThePathsOfTheTemplate) {
  PatchBuilder b;
  b.Modify("gen/table.h", {"x"}, {"y"}).Modify("src/a.cc", {"x"}, {"y"});
  const Verdict verdict = Judge(b.patch, PlanFor({"gen/**"}), Rules());
  ASSERT_EQ(verdict.findings.size(), 1u);
  EXPECT_EQ(verdict.findings[0].rule, "paths");
  EXPECT_EQ(verdict.findings[0].file, "src/a.cc");
  EXPECT_THAT(verdict.findings[0].reason, HasSubstr("gen/**"));
}

TEST(Guard, CountsFilesAndLines) {
  PatchBuilder b;
  b.Modify("a", {"1", "2"}, {"3"}).Modify("b", {}, {"1"});
  Plan plan = PlanFor();
  plan.guard_max_files = 2;
  plan.guard_max_lines = 4;
  EXPECT_THAT(RulesFound(b.patch, plan), IsEmpty());
  plan.guard_max_files = 1;
  plan.guard_max_lines = 3;
  EXPECT_THAT(RulesFound(b.patch, plan), ElementsAre("max_files", "max_lines"));
}

TEST(Guard, LetsOnlyRegularFilesChange) {
  struct Case {
    const char* name;
    unsigned mode;
    bool allowed;
  };
  const Case cases[] = {{"file", 0100644, true},      {"program", 0100755, true}, {"link", 0120000, false},
                        {"submodule", 0160000, false}, {"setuid", 0104755, false}, {"group-writable", 0100664, false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    PatchBuilder added, modified;
    added.Add("x", {"y"}, c.mode);
    modified.Modify("x", {"y"}, {"z"}, c.mode);
    for (const Patch& patch : {added.patch, modified.patch}) {
      EXPECT_EQ(RulesFound(patch, PlanFor({"**"})), c.allowed ? Lines{} : Lines{"mode"});
    }
  }
  PatchBuilder gone;
  EXPECT_THAT(RulesFound(gone.Delete("link", 0120000).patch, PlanFor()), IsEmpty());
  PatchBuilder module;
  EXPECT_THAT(RulesFound(module.Delete("module", 0160000).patch, PlanFor()), ElementsAre("mode"));
}

TEST(Guard, RefusesNamesThatLeadElsewhere) {
  for (const char* path : {"../x", "a/../x", "./x", "a//x", "/etc/passwd", "a/./x", "a\\b", "x/.."}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Add(path, {"y"}).patch, PlanFor({"**"})), ElementsAre("name"));
  }
  for (const char* path : {"a\x1b[2Jb", "a\x7f", "\xC3\x28", "\xFF", "a\u202Eb", "a\u200Bb"}) {
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Add(path, {"y"}).patch, PlanFor({"**"})), ElementsAre("name"));
    EXPECT_EQ(Judge(b.patch, PlanFor(), Rules()).findings[0].file.find('\x1b'), std::string::npos);
  }
}

TEST(Guard, KeepsGitsOwnFiles) {
  for (const char* path : {".git/config", "a/.git/hooks/x", ".GIT/config", ".gitmodules", ".gitconfig", "git~1/config",
                           ".git /config", ".git./config", ".git::$INDEX_ALLOCATION/x", ".Gitmodules", ".gitattributes/x"}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Add(path, {"y"}).patch, PlanFor({"**", path})), ElementsAre("git-file"));
  }
  for (const char* path : {".gitignore", "web/.gitattributes"}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    b.Add(path, {"y"});
    EXPECT_THAT(RulesFound(b.patch, PlanFor()), ElementsAre("git-file"));
    EXPECT_THAT(RulesFound(b.patch, PlanFor({"**"})), ElementsAre("git-file"));
    EXPECT_THAT(RulesFound(b.patch, PlanFor({path})), IsEmpty());
  }
  PatchBuilder b;
  EXPECT_THAT(RulesFound(b.Add(".github/dependabot.yml", {"y"}).patch, PlanFor()), IsEmpty());
}

TEST(Guard, ProtectsUnlessATemplateNamesTheVeryPath) {
  struct Case {
    const char* path;
    const char* rule;
  };
  const Case cases[] = {
      {".github/workflows/ci.yml", "ci-definition"}, {".github/actions/x/action.yml", "ci-definition"},
      {".GitHub/Workflows/ci.yml", "ci-definition"}, {".gitlab-ci.yml", "ci-definition"},
      {"Jenkinsfile", "ci-definition"},              {"ci/Jenkinsfile", "ci-definition"},
      {".circleci/config.yml", "ci-definition"},     {"azure-pipelines.yml", "ci-definition"},
      {".buildkite/pipeline.yml", "ci-definition"},  {"bitbucket-pipelines.yml", "ci-definition"},
      {".travis.yml", "ci-definition"},              {".drone.yml", "ci-definition"},
      {".woodpecker.yml", "ci-definition"},          {".woodpecker/test.yml", "ci-definition"},
      {"CODEOWNERS", "code-owners"},                 {".github/CODEOWNERS", "code-owners"},
      {"CLAUDE.md", "agent-file"},                   {"web/AGENTS.md", "agent-file"},
      {".claude/settings.json", "agent-file"},       {".mcp.json", "agent-file"},
      {".codex/config.toml", "agent-file"},          {".cursor/rules/x", "agent-file"},
      {".github/copilot-instructions.md", "agent-file"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    PatchBuilder b;
    b.Modify(c.path, {"x"}, {"y"});
    EXPECT_THAT(RulesFound(b.patch, PlanFor()), ElementsAre(c.rule));
    EXPECT_THAT(RulesFound(b.patch, PlanFor({"**"})), ElementsAre(c.rule)) << "a wildcard names nothing";
    EXPECT_THAT(RulesFound(b.patch, PlanFor({c.path})), IsEmpty());
  }
}

TEST(Guard, LetsATemplateOpenLockFilesByAnyGlob) {
  for (const char* path : {"package-lock.json", "web/yarn.lock", "go.sum", "Cargo.lock", "poetry.lock"}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    b.Modify(path, {"x"}, {"y"});
    EXPECT_THAT(RulesFound(b.patch, PlanFor()), ElementsAre("lock-file"));
    EXPECT_THAT(RulesFound(b.patch, PlanFor({"**/*lock*", "**/go.sum"})), IsEmpty());
  }
}

TEST(Guard, LetsBinaryChangesOnlyWhereATemplateSaysSo) {
  PatchBuilder b;
  b.Binary("img/logo.png");
  EXPECT_THAT(RulesFound(b.patch, PlanFor()), ElementsAre("binary"));
  EXPECT_THAT(RulesFound(b.patch, PlanFor({"img/*.png"})), IsEmpty());
  EXPECT_THAT(RulesFound(b.patch, PlanFor({"src/**"})), ElementsAre("paths"));
}

TEST(Guard, RefusesToLoseATest) {
  for (const char* path : {"tests/a.txt", "src/a_test.go", "a.spec.ts", "test_x.py", "src/test/java/AIT.java", "FooTest.java"}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Delete(path).patch, PlanFor({"**"})), ElementsAre("deleted-test"));
  }
  PatchBuilder b;
  EXPECT_THAT(RulesFound(b.Delete("src/latest.cc").patch, PlanFor()), IsEmpty());
}

TEST(Guard, RefusesAddedTextThatCheats) {
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
    const Verdict verdict = Judge(b.patch, PlanFor({"**"}), Rules());
    ASSERT_EQ(verdict.findings.size(), 1u);
    EXPECT_EQ(verdict.findings[0].rule, c.rule);
    EXPECT_EQ(verdict.findings[0].file, c.path);
    EXPECT_EQ(verdict.findings[0].line, 6);
    PatchBuilder gone;
    EXPECT_THAT(RulesFound(gone.Modify(c.path, {c.line}, {"fine"}).patch, PlanFor({"**"})), IsEmpty())
        << "to take it out is welcome";
    PatchBuilder moved;
    EXPECT_THAT(RulesFound(moved.Modify(c.path, {Cat("    ", c.line)}, {Cat("\t", c.line)}).patch, PlanFor({"**"})), IsEmpty())
        << "a formatter may move it";
    PatchBuilder twice;
    EXPECT_THAT(RulesFound(twice.Modify(c.path, {c.line}, {c.line, c.line}).patch, PlanFor({"**"})), ElementsAre(c.rule));
  }
}

TEST(Guard, DoesNotTakeOrdinaryCodeForCheating) {
  struct Case {
    const char* path;
    const char* line;
  };
  const Case cases[] = {
      {"a.py", "model.fit(x, y)"},      {"a.js", "submit(form); visit(url)"}, {"a.cc", "if (a || b) return;"},
      {"a.py", "skip_header = True"},   {"a.java", "@JsonIgnore"},            {"a.md", "Never write `|| true`."},
      {"a.go", "s.SkipSpace()"},        {"a.ts", "const only = items.only"},  {"a.rb", "next if skip"},
      {"a.txt", "ghp_short"},           {"a.cc", "x ||= truely"},             {"a.py", "noqa = 1"},
      {"a.js", "it.each([1, 2])('x')"}, {"a.txt", "caf\u00e9 \u4e2d\u6587"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Modify(c.path, {"x"}, {c.line}).patch, PlanFor({"**"})), IsEmpty());
  }
}

TEST(Guard, RefusesSecretsAndNeverRepeatsThem) {
  const std::string body = "0123456789abcdefghijklmnopqrstuvwxyzABCD";
  const std::string secrets[] = {
      "ghp_" + body,    "gho_" + body, "github_pat_" + body, "glpat-" + body, "AKIA" + std::string("ABCDEFGHIJKLMNOP"),
      "xoxb-" + body,   "sk-ant-" + body, "npm_" + body,     std::string("-----BEGIN RSA ") + "PRIVATE KEY-----",
      std::string("-----BEGIN ") + "PRIVATE KEY-----",
  };
  for (const std::string& secret : secrets) {
    PatchBuilder b;
    b.Modify("a.env", {"x"}, {"token = \"" + secret + "\""});
    const Verdict verdict = Judge(b.patch, PlanFor({"**"}), Rules());
    ASSERT_EQ(verdict.findings.size(), 1u) << secret.substr(0, 8);
    EXPECT_EQ(verdict.findings[0].rule, "secret");
    EXPECT_THAT(verdict.findings[0].reason, Not(HasSubstr(secret.substr(0, 12))));
  }
}

TEST(Guard, AnOldSecretDoesNotHideANewOne) {
  const std::string old_one = "ghp_" + std::string(36, 'a'), new_one = "ghp_" + std::string(36, 'b');
  PatchBuilder b;
  b.Modify("a", {"t = " + old_one}, {"t = " + old_one + " " + new_one});
  EXPECT_THAT(RulesFound(b.patch, PlanFor({"**"})), ElementsAre("secret"));
}

TEST(Guard, TellsAtMostAHundredFindings) {
  PatchBuilder b;
  b.Add("a.py", Lines(500, "x  # noqa"));
  const Verdict verdict = Judge(b.patch, PlanFor({"**"}), Rules());
  ASSERT_EQ(verdict.findings.size(), 101u);
  EXPECT_EQ(verdict.findings.back().reason, "and 400 more findings.");
}

}  // namespace
}  // namespace regreen
