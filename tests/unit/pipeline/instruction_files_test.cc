#include "daemon/pipeline/instruction_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_workspace.h"
#include "tests/support/samples.h"
#include "tests/unit/pipeline/pipeline_fixture.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(InstructionFiles, AreKnownByNameAndFolderInAnyCase) {
  for (const char* path :
       {"CLAUDE.md", "web/AGENTS.md", ".claude/settings.json", "a/.cursor/rules/x.mdc", ".mcp.json",
        "GEMINI.md", ".codex/config.toml", "Claude.MD", ".github/copilot-instructions.md",
        ".github/instructions/x.md", ".opencode/agent/x.md", ".aider.conf.yml", "opencode.json"})
    EXPECT_TRUE(InstructsAgents(path)) << path;
  for (const char* path : {"docs/claude.rst", "src/agents.py", "claude/x.md", "README.md", "",
                           ".github/workflows/ci.yml", "CLAUDE.md/x"})
    EXPECT_FALSE(InstructsAgents(path)) << path;
}

class InstructionMaskTest : public testing::Test {
 protected:
  InstructionMaskTest() {
    workspaces.on_exec = [this](const ExecSpec& spec, bool) -> StatusOr<ExecResult> {
      if (spec.command == "sh") {
        scripts.push_back(spec.input);
        return FakeWorkspaces::Exit(exit_code);
      }
      return FakeWorkspaces::Exit(0, listing);
    };
    base = [](const std::string& path, std::size_t) -> StatusOr<std::optional<std::string>> {
      if (path == "CLAUDE.md") return std::optional<std::string>("trusted\n");
      return std::optional<std::string>();
    };
  }
  std::string Put() {
    Bench bench({&workspaces, SampleGuard().get(), nullptr, &task, "/mirror", base, {}, &log, {}},
                {});
    auto workspace = workspaces.Open({}, {});
    InstructionMask mask(bench, **workspace);
    auto why = mask.Put();
    EXPECT_TRUE(why.ok());
    auto undone = mask.TakeOff();
    EXPECT_TRUE(undone.ok());
    return *why;
  }
  std::string listing = std::string(40, 'a') + std::string("\0", 1) +
                        std::string("100644 blob 1\tCLAUDE.md\0", 24) +
                        std::string("100644 blob 2\t.claude/it's.json\0", 32) +
                        std::string("100644 blob 3\tsrc/a.cc\0", 23);
  int exit_code = 0;
  FakeWorkspaces workspaces;
  Task task = SampleTask();
  Notes log;
  BaseFile base;
  std::vector<std::string> scripts;
};

TEST_F(InstructionMaskTest, ShowsTheBaseBranchsAndPutsTheCommitsBack) {
  EXPECT_EQ(Put(), "");
  ASSERT_THAT(scripts, SizeIs(2));
  EXPECT_THAT(scripts[0], HasSubstr("rm -rf -- 'CLAUDE.md'\nprintf %s 'dHJ1c3RlZAo=' | base64 -d > "
                                    "'CLAUDE.md'\n"));
  EXPECT_THAT(scripts[0], HasSubstr("rm -rf -- '.claude/it'\\''s.json'\n"));
  EXPECT_THAT(scripts[0], Not(HasSubstr("a.cc")));
  EXPECT_THAT(scripts[1],
              HasSubstr("git checkout -q -f " + std::string(40, 'a') + " -- 'CLAUDE.md'\n"));
  EXPECT_THAT(log.notes, SizeIs(1));
}

TEST_F(InstructionMaskTest, DoesNothingWhereTheCommitIsTrusted) {
  base = nullptr;
  EXPECT_EQ(Put(), "");
  EXPECT_THAT(scripts, IsEmpty());
}

TEST_F(InstructionMaskTest, NoAgentWorksWhereItCannotBeDone) {
  exit_code = 1;
  EXPECT_THAT(Put(), HasSubstr("could not be set aside"));
  listing = "fatal: no repository";
  EXPECT_THAT(Put(), HasSubstr("could not be listed"));
}

}  // namespace
}  // namespace regreen
