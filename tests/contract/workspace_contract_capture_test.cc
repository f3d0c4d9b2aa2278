#include <csignal>

#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class WorkspaceCapture : public WorkspaceContract {
 protected:
  // The patch after a command, or why there is none.
  StatusOr<Patch> After(const std::string& command) {
    auto workspace = Open();
    const ExecResult result = Run(*workspace, command);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return workspace->Capture({});
  }
};

TEST_P(WorkspaceCapture, OfNoChangeIsEmpty) {
  auto patch = After("touch a.txt; cat a.txt > /dev/null");
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_TRUE(patch->empty());
  EXPECT_EQ(patch->base_commit, base_);
  EXPECT_EQ(patch->digest, PatchDigest(base_, ""));
}

TEST_P(WorkspaceCapture, ListsEachFileWithItsModes) {
  auto patch = After(
      "echo two >> a.txt; rm folder/b.txt; printf 'a\\0b' > bin; ln -s a.txt link; "
      "chmod -x run.sh; echo no > x.log");
  ASSERT_TRUE(patch.ok()) << patch.status();
  struct Want {
    FileChange::Kind kind;
    const char* path;
    unsigned old_mode, new_mode;
    bool binary;
  };
  const Want want[] = {{FileChange::Kind::kModified, "a.txt", 0100644, 0100644, false},
                       {FileChange::Kind::kAdded, "bin", 0, 0100644, true},
                       {FileChange::Kind::kDeleted, "folder/b.txt", 0100644, 0, false},
                       {FileChange::Kind::kAdded, "link", 0, 0120000, false},
                       {FileChange::Kind::kModified, "run.sh", 0100755, 0100644, false}};
  ASSERT_EQ(patch->files.size(), std::size(want)) << patch->bytes;
  for (std::size_t i = 0; i < std::size(want); ++i) {
    EXPECT_EQ(patch->files[i].kind, want[i].kind);
    EXPECT_EQ(patch->files[i].path, want[i].path);
    EXPECT_EQ(patch->files[i].old_mode, want[i].old_mode) << want[i].path;
    EXPECT_EQ(patch->files[i].new_mode, want[i].new_mode) << want[i].path;
    EXPECT_EQ(patch->files[i].binary, want[i].binary) << want[i].path;
  }
  EXPECT_EQ(patch->files[0].added_lines, 1);
  EXPECT_EQ(patch->files[2].removed_lines, 1);
}

TEST_P(WorkspaceCapture, SeesAChangeThatHidesItsTime) {
  auto patch = After("touch -r a.txt ref; printf 'two\\n' > a.txt; touch -r ref a.txt; rm ref");
  ASSERT_TRUE(patch.ok());
  EXPECT_THAT(patch->bytes, HasSubstr("+two"));
}

TEST_P(WorkspaceCapture, DoesNotCareWhatHappenedToDotGit) {
  for (const char* command :
       {"rm -rf .git; echo x >> a.txt",
        "git commit -qam other --allow-empty; echo x >> a.txt; git add -A",
        "rm -rf .git; ln -s /etc .git; echo x >> a.txt",
        "rm -rf .git; mkfifo .git; echo x >> a.txt", "echo garbage > .git/index; echo x >> a.txt",
        "git update-index --assume-unchanged a.txt; echo x >> a.txt",
        "echo a.txt >> .git/info/exclude; echo x >> a.txt"}) {
    auto patch = After(command);
    ASSERT_TRUE(patch.ok()) << command << "\n" << patch.status();
    ASSERT_EQ(patch->files.size(), 1u) << command;
    EXPECT_EQ(patch->files[0].path, "a.txt");
  }
}

TEST_P(WorkspaceCapture, RefusesWhatCannotBeInAPatchAndNamesIt) {
  struct Case {
    const char* command;
    const char* named;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"mkfifo pipe-x", "pipe-x"},
           {"rm a.txt; mkfifo a.txt", "a.txt"},
           {"python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock-x\")'", "sock-x"},
           {"git init -q nested-x && touch nested-x/f", "nested-x"},
           {"git init -q folder/nested-x && touch folder/nested-x/f", "nested-x"},
           {"mkdir -p evil/.GIT && touch evil/.GIT/config", "evil"},
           {"mkdir .Git && touch .Git/config", ".Git"},
           {"chmod u+s run.sh", "run.sh"},
           {"touch new-x; chmod g+s new-x", "new-x"},
           {"head -c 40000000 /dev/urandom > big-x", "big-x"},
           {"truncate -s 10G sparse-x", "sparse-x"},
           {"p=d; for i in $(seq 120); do mkdir $p && cd $p; done; touch f", "nested too deeply"},
           {"head -c 400000 /dev/zero > folder/.gitignore", "folder/.gitignore"}}) {
    auto patch = After(c.command);
    EXPECT_EQ(patch.status().code(), StatusCode::kInvalidArgument) << c.command;
    EXPECT_THAT(Message(patch.status()), HasSubstr(c.named));
  }
}

TEST_P(WorkspaceCapture, LeavesIgnoredThingsAlone) {
  auto patch = After(
      "mkfifo pipe.log; mkdir dir.log; git init -q dir.log/nested; mkfifo dir.log/p; "
      "echo x > y.log; truncate -s 10G big.log; echo x >> a.txt");
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_EQ(patch->files.size(), 1u);
}

TEST_P(WorkspaceCapture, ReadsNothingThroughALink) {
  const std::string outside = git_.NewFolder("outside");
  std::ofstream(outside + "/secret") << "secret content\n";
  auto workspace = Open();
  Run(*workspace, Cat("ln -s ", outside, "/secret file-link; rm -r folder; ln -s ", outside,
                      " folder; ", "rm .gitignore; ln -s ", outside, "/secret .gitignore"));
  auto patch = workspace->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_THAT(patch->bytes, Not(HasSubstr("secret content")));
  for (const FileChange& file : patch->files) {
    EXPECT_TRUE(file.new_mode == 0 || file.new_mode == 0120000) << file.path;
  }
}

// A program that would run on the trusted side, were it to run anything of the workspace's.
TEST_P(WorkspaceCapture, RunsNothingThatTheWorkspaceConfigured) {
  const std::string proof = git_.NewFolder("proof");
  auto workspace = Open();
  Run(*workspace,
      Cat("printf '#!/bin/sh\\ntouch ", proof,
          "/ran\\ncat\\n' > .git/evil; chmod +x .git/evil; "
          "for key in core.fsmonitor diff.external core.pager filter.x.clean filter.x.smudge "
          "core.sshCommand core.editor; do git config $key \"$PWD/.git/evil\"; done; "
          "git config filter.x.required true; git config core.hooksPath \"$PWD/.git/hooks\"; "
          "mkdir -p .git/hooks; for hook in pre-commit post-checkout post-index-change; do "
          "cp .git/evil .git/hooks/$hook; done; echo '* filter=x diff=x' > .gitattributes; "
          "echo x >> a.txt"));
  auto patch = workspace->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_EQ(patch->files.size(), 2u);
  auto verify = Open(&*patch);
  ASSERT_NE(verify, nullptr);
  ASSERT_TRUE(verify->Capture({}).ok());
  EXPECT_TRUE(fs::is_empty(proof));
}

TEST_P(WorkspaceCapture, AttributesDoNotHideText) {
  auto patch = After("echo '* -diff binary' > .gitattributes; echo shown >> a.txt");
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_THAT(patch->bytes, HasSubstr("+shown"));
}

TEST_P(WorkspaceCapture, LargeFilesOfTheBaseDoNotMatterUntilTheyChange) {
  git_.Write("large", std::string(40 << 20, 'x'));
  base_ = git_.Commit("large");
  git_.Git({"push", "-q", mirror_, "main"});
  auto touched = After("touch large; echo x >> a.txt");
  ASSERT_TRUE(touched.ok()) << touched.status();
  EXPECT_EQ(touched->files.size(), 1u);
  EXPECT_EQ(After("echo x >> large").status().code(), StatusCode::kInvalidArgument);
}

TEST_P(WorkspaceCapture, WhatFollowsAPatchIsOnePatchWithIt) {
  auto first = After("echo two >> a.txt; echo new > first.txt");
  ASSERT_TRUE(first.ok()) << first.status();
  auto workspace = Open(&*first);
  ASSERT_NE(workspace, nullptr);
  auto same = workspace->Capture({});
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->digest, first->digest) << "nothing was added to it";
  Run(*workspace,
      "echo three >> a.txt; rm first.txt; echo x > .git/regreen-output; echo y > z.txt");
  auto both = workspace->Capture({});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->base_commit, base_);
  EXPECT_THAT(both->bytes, HasSubstr("+two\n+three\n"));
  EXPECT_EQ(both->files.size(), 2u) << "a.txt and z.txt";
  EXPECT_EQ(Run(*Open(&*both), "cat a.txt; ls").output,
            "one\ntwo\nthree\na.txt\nfolder\nrun.sh\nz.txt\n");
}

TEST_P(WorkspaceCapture, StopsWhenAskedTo) {
  auto workspace = Open();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(workspace->Capture(stop.get_token()).status().code(), StatusCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Kinds, WorkspaceCapture, testing::ValuesIn(ContractKinds()), KindName);

}  // namespace
}  // namespace regreen
