// What was done in one workspace is what another finds that is opened with the captured patch.
#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

class WorkspaceRoundTrip : public WorkspaceContract {
 protected:
  // Every name with its kind, mode, link target and content, but of .git.
  static std::string Listing(Workspace& workspace) {
    return Run(workspace,
               "find . -path ./.git -prune -o -type f -printf '%p %m ' -exec cksum {} \\; -o "
               "-printf '%p %y %l\\n' | LC_ALL=C sort")
        .output;
  }
  void AddMoreFiles() {
    git_.Write("deep/er/one.txt", "1\n");
    git_.Write("deep/er/two.txt", "2\n");
    git_.Write("deep/three.txt", "3\n");
    base_ = git_.Commit("more");
    mirror_ = git_.CloneBare();
  }
};

TEST_P(WorkspaceRoundTrip, GivesTheSameFilesInAFreshWorkspace) {
  AddMoreFiles();
  const char* const scripts[] = {
      "echo x >> a.txt",
      "rm a.txt",
      "rm -r deep",
      "rm -r deep/er",
      "rm deep/er/one.txt",
      "rm deep/er/one.txt deep/er/two.txt; rmdir deep/er",
      "rm -r deep; mkdir deep; echo new > deep/new.txt",
      "rm -r deep; echo 'a file now' > deep",
      "rm -r deep; ln -s folder deep",
      "rm a.txt; mkdir a.txt; echo x > a.txt/inside",
      "mv deep shallow",
      "mv deep/er folder/er",
      "mv a.txt folder/b.txt",
      "mkdir -p n/e/w; echo x > n/e/w/file",
      "chmod +x a.txt; chmod -x run.sh",
      "ln -s ../a.txt folder/link; rm folder/b.txt",
      "rm a.txt; ln -s run.sh a.txt",
      "cp a.txt copy.txt; mv copy.txt a.txt; echo x > deep/er/one.txt",
      "rm -r deep folder a.txt run.sh .gitignore",
  };
  for (const char* script : scripts) {
    SCOPED_TRACE(script);
    const auto first = Open();
    ASSERT_EQ(Run(*first, script).exit_code, 0);
    const auto patch = first->Capture({});
    ASSERT_TRUE(patch.ok()) << patch.status();
    EXPECT_FALSE(patch->empty());
    const auto second = Open(&*patch);
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(Listing(*second), Listing(*first));
    EXPECT_EQ(Run(*second, "git status --porcelain; git diff --exit-code HEAD").output, "");
    const auto again = second->Capture({});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->bytes, patch->bytes);
  }
}

TEST_P(WorkspaceRoundTrip, IgnoreRulesHoldAlsoWhereTheirFilesDidNotChange) {
  git_.Write("folder/.gitignore", "*.tmp\n");
  base_ = git_.Commit("rules");
  mirror_ = git_.CloneBare();
  const auto workspace = Open();
  Run(*workspace, "echo x > folder/x.tmp; echo x > x.log; echo x > folder/kept");
  const auto patch = workspace->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  ASSERT_EQ(patch->files.size(), 1u) << patch->bytes;
  EXPECT_EQ(patch->files[0].path, "folder/kept");
}

TEST_P(WorkspaceRoundTrip, WorkspacesOfOneCommitDoNotSeeEachOther) {
  const auto first = Open(), second = Open();
  Run(*first, "echo changed > a.txt; rm folder/b.txt; git commit -qam mine");
  EXPECT_EQ(Run(*second, "cat a.txt folder/b.txt; git log --format=%s").output,
            "one\ntwo\nthe base\n");
  EXPECT_TRUE(second->Capture({})->empty());
}

TEST_P(WorkspaceRoundTrip, ANewerCommitIsItselfAndNotTheOneBefore) {
  { const auto old = Open(); }  // what may be kept of it is used for the next
  git_.Git({"rm", "-q", "-r", "folder", "run.sh"});
  git_.Write("a.txt", "newer\n");
  git_.Write("folder", "a file now\n");
  git_.Write("other/new.txt", "new\n");
  base_ = git_.Commit("newer");
  git_.GitIn(mirror_, {"fetch", "-q", git_.work(), "+refs/heads/*:refs/heads/*"});
  const auto workspace = Open();
  ASSERT_NE(workspace, nullptr);
  EXPECT_EQ(Run(*workspace, "cat a.txt folder other/new.txt; ls -A | LC_ALL=C sort").output,
            "newer\na file now\nnew\n.git\n.gitignore\na.txt\nfolder\nother\n");
  EXPECT_EQ(Run(*workspace, "git status --porcelain; git diff --exit-code HEAD").output, "");
  EXPECT_TRUE(workspace->Capture({})->empty());
}

TEST_P(WorkspaceRoundTrip, AForksCodeLiesUponNothingThatIsShared) {
  WorkspaceSpec spec{"task-1", mirror_, base_, nullptr};
  spec.of_fork = true;
  auto opened = factory_->Open(spec, {});
  if (!opened.ok()) {
    EXPECT_EQ(opened.status().code(), StatusCode::kPermissionDenied) << opened.status();
    return;
  }
  EXPECT_FALSE(std::filesystem::exists(options_.directory + ".bases"));
  ExecSpec change;
  change.command = "cat a.txt; echo changed > a.txt";
  EXPECT_EQ(Run(**opened, change).output, "one\n");
  const auto patch = (*opened)->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_THAT(patch->bytes, testing::HasSubstr("+changed"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, WorkspaceRoundTrip, testing::ValuesIn(ContractKinds()), KindName);

}  // namespace
}  // namespace regreen
