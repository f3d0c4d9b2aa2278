// A machine that has BusyBox's programs and no others, as small images have.
#include "daemon/base/subprocess.h"
#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Status BusyBox(WorkspaceOptions& options, const GitFixture& scratch) {
  const auto program = FindProgram("busybox");
  if (!program.ok()) return program.status();
  const std::string programs = scratch.NewFolder("programs");
  ProcessSpec list;
  list.argv = {*program, "--list"};
  ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(list));
  for (const std::string_view name : SplitLines(result.out)) {
    if (!name.empty()) fs::create_symlink(*program, Cat(programs, "/", name));
  }
  options.kind = "exec";
  options.exec.run = {"/usr/bin/env", Cat("PATH=", programs), "{argv}"};
  options.exec.folder = scratch.NewFolder("there");
  return OkStatus();
}

class BusyBoxTest : public WorkspaceContract {};

TEST_P(BusyBoxTest, RunsCommandsAndEndsThem) {
  auto workspace = Open();
  ASSERT_NE(workspace, nullptr);
  EXPECT_EQ(Run(*workspace, "cat a.txt; ./run.sh").output, "one\nran\n");
  EXPECT_EQ(Run(*workspace, "exit 7").exit_code, 7);
  const std::string mark = Cat("1", getpid(), ".25");
  ExecSpec spec;
  spec.command = Cat("sleep ", mark, " & echo started; sleep ", mark);
  spec.timeout = absl::Milliseconds(700);
  const ExecResult result = Run(*workspace, spec);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.output, "started\n");
  EXPECT_EQ(Running(mark), 0);
}

TEST_P(BusyBoxTest, TellsWhatChangedAndNothingElse) {
  auto workspace = Open();
  ASSERT_NE(workspace, nullptr);
  ASSERT_EQ(Run(*workspace,
                "touch -r a.txt ref; printf 'two\\n' > a.txt; touch -r ref a.txt; rm ref; "
                "mv folder moved; ln -s a.txt link; echo no > x.log; echo odd > \"a\nb\"")
                .exit_code,
            0);
  const auto patch = workspace->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  std::vector<std::string> paths;
  for (const FileChange& file : patch->files) paths.push_back(file.path);
  EXPECT_THAT(
      paths, testing::UnorderedElementsAre("a.txt", "a\nb", "folder/b.txt", "link", "moved/b.txt"));
  EXPECT_THAT(patch->bytes, HasSubstr("+two"));
}

TEST_P(BusyBoxTest, ALargeFileThatWasTouchedIsNotSent) {
  git_.Write("large", std::string(40 << 20, 'x'));
  base_ = git_.Commit("large");
  git_.Git({"push", "-q", mirror_, "main"});
  auto workspace = Open();
  ASSERT_NE(workspace, nullptr);
  ASSERT_EQ(Run(*workspace, "touch large").exit_code, 0);
  const auto patch = workspace->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_TRUE(patch->empty());
}

INSTANTIATE_TEST_SUITE_P(Kinds, BusyBoxTest, testing::Values(ContractKind{"busybox", BusyBox}),
                         KindName);

}  // namespace
}  // namespace regreen
