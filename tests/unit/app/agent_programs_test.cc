#include "daemon/app/agent_programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

class AgentProgramsTest : public testing::Test {
 protected:
  std::string Program(const std::string& name, const std::string& body) {
    const std::string path = folder.path().string() + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    chmod(path.c_str(), 0755);
    return path;
  }
  TempDir folder = *TempDir::Create(std::filesystem::temp_directory_path(), "agents-");
  WorkspaceConfig workspace;
  AgentConfig agent;
};

TEST_F(AgentProgramsTest, AreFoundWhereWorkspacesSeeThem) {
  agent.kind = "claude";
  const std::string path = Program("claude", "echo '2.1.330 (Claude Code)'");
  EXPECT_THAT(Message(FindAgentProgram(workspace, agent).status()),
              HasSubstr("the program claude is not where workspaces look"));
  agent.command = path;
  EXPECT_THAT(Message(FindAgentProgram(workspace, agent).status()),
              HasSubstr("workspaces do not see it: add its folder to workspace.read_only_paths"));
  workspace.read_only_paths = {folder.path().string()};
  EXPECT_EQ(*FindAgentProgram(workspace, agent), path);
  agent.command.clear();
  workspace.path = {folder.path().string()};
  EXPECT_EQ(*FindAgentProgram(workspace, agent), path);
  workspace.read_only_paths.clear();
  workspace.kind = "worktree";
  EXPECT_EQ(*FindAgentProgram(workspace, agent), path);
}

TEST_F(AgentProgramsTest, OfShellTextOnlyAPlainFirstWordIsLookedFor) {
  agent.kind = "acp";
  agent.command = "no-such-agent acp";
  EXPECT_THAT(Message(FindAgentProgram(workspace, agent).status()), HasSubstr("no-such-agent"));
  for (const char* text : {"$HOME/agent acp", "A=b agent", "\"my agent\""}) {
    agent.command = text;
    EXPECT_EQ(*FindAgentProgram(workspace, agent), "") << text;
  }
  agent.kind = "command";
  agent.command = "no-such-agent";
  EXPECT_EQ(*FindAgentProgram(workspace, agent), "");
}

TEST_F(AgentProgramsTest, MustBeNewEnough) {
  agent.kind = "codex";
  const std::string scratch = folder.path().string();
  EXPECT_EQ(*AgentProgramVersion(agent, Program("new", "echo codex-cli 0.169.0"), scratch),
            "codex-cli 0.169.0");
  EXPECT_THAT(
      Message(AgentProgramVersion(agent, Program("old", "echo codex-cli 0.9.3"), scratch).status()),
      HasSubstr("is too old for an agent of kind codex (0.100 is needed); it says: codex-cli 0.9"));
  EXPECT_FALSE(AgentProgramVersion(agent, Program("odd", "echo hello"), scratch).ok());
  EXPECT_THAT(
      Message(AgentProgramVersion(agent, Program("bad", "echo no >&2; exit 3"), scratch).status()),
      HasSubstr("--version ends with 3: no"));
}

}  // namespace
}  // namespace regreen
