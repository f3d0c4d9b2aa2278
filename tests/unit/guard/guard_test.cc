// The guard with the rules that are shipped.
#include "daemon/guard/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/guard/patches.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Guard, AllowsAPlainRepair) {
  PatchBuilder b;
  b.Modify("src/a.cc", {"int x = 1 ;"}, {"int x = 1;"})
      .Add("src/b.cc", {"int y;"})
      .Delete("src/c.cc");
  EXPECT_THAT(RulesFound(b.patch, PlanFor()), IsEmpty());
  EXPECT_THAT(RulesFound(b.patch, PlanFor({"src/**"})), IsEmpty());
}

TEST(Guard, RefusesAnEmptyPatch) {
  EXPECT_THAT(RulesFound(Patch(), PlanFor()), ElementsAre("empty"));
}

TEST(Guard, RefusesWhatItCannotRead) {
  Patch patch;
  patch.bytes = "@@@ combined\n";
  EXPECT_THAT(RulesFound(patch, PlanFor()), ElementsAre("format"));
}

TEST(Guard, RefusesBytesThatTheListDoesNotTell) {
  PatchBuilder b;
  b.Modify("a", {"x"}, {"y"}).Modify("b", {"x"}, {"y"});
  Patch hidden = b.patch, phantom = b.patch, other_mode = b.patch, other_kind = b.patch,
        twice = b.patch;
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
  const Verdict verdict = Judge(b.patch, PlanFor({"gen/**"}), ShippedRules(), nullptr);
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
    Lines rules;
  };
  const Case cases[] = {{"file", 0100644, {}},           {"program", 0100755, {}},
                        {"link", 0120000, {"link"}},     {"submodule", 0160000, {"submodule"}},
                        {"setuid", 0104755, {"mode"}},   {"group-writable", 0100664, {"mode"}},
                        {"a folder", 0040000, {"mode"}}, {"a device", 0020644, {"mode"}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    PatchBuilder added, modified;
    added.Add("x", {"y"}, c.mode);
    modified.Modify("x", {"y"}, {"z"}, c.mode);
    for (const Patch& patch : {added.patch, modified.patch}) {
      EXPECT_EQ(RulesFound(patch, PlanFor({"**"})), c.rules);
    }
  }
  PatchBuilder gone;
  EXPECT_THAT(RulesFound(gone.Delete("link", 0120000).patch, PlanFor()), IsEmpty());
  PatchBuilder module;
  EXPECT_THAT(RulesFound(module.Delete("module", 0160000).patch, PlanFor()),
              ElementsAre("submodule"));
}

TEST(Guard, NoTemplateCanAllowALinkThatLeavesTheTree) {
  Plan plan = PlanFor({"**"});
  plan.guard_allow = {"link", "link-target", "mode", "submodule"};
  struct Case {
    const char* path;
    Lines target;
    Lines rules;
  };
  const Case cases[] = {{"a/b/link", {"../../src"}, {}},
                        {"link", {"src/x"}, {}},
                        {"link", {"./a/../b"}, {}},
                        {"link", {"/etc/passwd"}, {"link-target"}},
                        {"link", {".."}, {"link-target"}},
                        {"a/link", {"../../x"}, {"link-target"}},
                        {"a/link", {"b/../../../a/x"}, {"link-target"}},
                        {"link", {".git/config"}, {"link-target"}},
                        {"link", {"..\\x"}, {"link-target"}},
                        {"link", {"a", "b"}, {"link-target"}},
                        {"link", {}, {"link-target"}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(Cat(c.path, " to ", c.target.empty() ? "" : c.target[0]));
    PatchBuilder b;
    b.Add(c.path, c.target, 0120000);
    EXPECT_EQ(RulesFound(b.patch, plan), c.rules);
  }
  PatchBuilder setuid, module;
  EXPECT_THAT(RulesFound(setuid.Add("x", {"y"}, 0104755).patch, plan), ElementsAre("mode"));
  EXPECT_THAT(RulesFound(module.Add("x", {"y"}, 0160000).patch, plan), ElementsAre("submodule"));
}

TEST(Guard, RefusesNamesThatLeadElsewhere) {
  for (const char* path :
       {"../x", "a/../x", "./x", "a//x", "/etc/passwd", "a/./x", "a\\b", "x/.."}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Add(path, {"y"}).patch, PlanFor({"**"})), ElementsAre("name"));
  }
  for (const char* path : {"a\x1b[2Jb", "a\x7f", "\xC3\x28", "\xFF", "a\u202Eb", "a\u200Bb"}) {
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Add(path, {"y"}).patch, PlanFor({"**"})), ElementsAre("name"));
    EXPECT_EQ(Judge(b.patch, PlanFor(), ShippedRules(), nullptr).findings[0].file.find('\x1b'),
              std::string::npos);
  }
}

TEST(Guard, KeepsGitsOwnFiles) {
  for (const char* path : {".git/config", "a/.git/hooks/x", ".GIT/config", ".gitmodules",
                           ".gitconfig", "git~1/config", ".git /config", ".git./config",
                           ".git::$INDEX_ALLOCATION/x", ".Gitmodules", ".gitattributes/x"}) {
    SCOPED_TRACE(path);
    PatchBuilder b;
    EXPECT_THAT(RulesFound(b.Add(path, {"y"}).patch, PlanFor({"**", path})),
                ElementsAre("git-file"));
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
      {".github/workflows/ci.yml", "ci-definition"},
      {".github/actions/x/action.yml", "ci-definition"},
      {".GitHub/Workflows/ci.yml", "ci-definition"},
      {".gitlab-ci.yml", "ci-definition"},
      {"Jenkinsfile", "ci-definition"},
      {"ci/Jenkinsfile", "ci-definition"},
      {".circleci/config.yml", "ci-definition"},
      {"azure-pipelines.yml", "ci-definition"},
      {".buildkite/pipeline.yml", "ci-definition"},
      {"bitbucket-pipelines.yml", "ci-definition"},
      {".travis.yml", "ci-definition"},
      {".drone.yml", "ci-definition"},
      {".woodpecker.yml", "ci-definition"},
      {".woodpecker/test.yml", "ci-definition"},
      {"CODEOWNERS", "code-owners"},
      {".github/CODEOWNERS", "code-owners"},
      {"CLAUDE.md", "agent-file"},
      {"web/AGENTS.md", "agent-file"},
      {".claude/settings.json", "agent-file"},
      {".mcp.json", "agent-file"},
      {".codex/config.toml", "agent-file"},
      {".cursor/rules/x", "agent-file"},
      {".github/copilot-instructions.md", "agent-file"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    PatchBuilder b;
    b.Modify(c.path, {"x"}, {"y"});
    EXPECT_THAT(RulesFound(b.patch, PlanFor()), ElementsAre(c.rule));
    EXPECT_THAT(RulesFound(b.patch, PlanFor({"**"})), ElementsAre(c.rule))
        << "a wildcard names nothing";
    EXPECT_THAT(RulesFound(b.patch, PlanFor({c.path})), IsEmpty());
  }
}

TEST(Guard, LetsATemplateOpenLockFilesByAnyGlob) {
  for (const char* path :
       {"package-lock.json", "web/yarn.lock", "go.sum", "Cargo.lock", "poetry.lock"}) {
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

}  // namespace
}  // namespace regreen
