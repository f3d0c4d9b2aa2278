#include <chrono>
#include <thread>

#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WorkspaceExec : public WorkspaceContract {
 protected:
  // Commands that run elsewhere are neither followed nor spoken with.
  bool IsElsewhere() const { return options_.kind == "exec" || options_.kind == "coder"; }
};

TEST_P(WorkspaceExec, AnswersExitCodesAndSignals) {
  struct Case {
    const char* name;
    const char* command;
    int want;
  };
  auto workspace = Open();
  for (const Case& c :
       std::initializer_list<Case>{{"success", "true", 0},
                                   {"failure", "exit 7", 7},
                                   {"-e stops at the first failure", "false; true", 1},
                                   {"pipefail", "false | true", 1},
                                   {"not found", "no-such-program", 127},
                                   {"ends itself by SIGTERM", "kill -TERM $$", 143},
                                   {"ends itself by SIGKILL", "kill -KILL $$", 137},
                                   {"aborts", "kill -ABRT $$", 134}}) {
    const ExecResult result = Run(*workspace, c.command);
    EXPECT_EQ(result.exit_code, c.want) << c.name << "\n" << result.output;
    EXPECT_FALSE(result.timed_out);
  }
}

TEST_P(WorkspaceExec, MergesBothStreamsInOrder) {
  auto workspace = Open();
  EXPECT_EQ(Run(*workspace, "echo one; echo two >&2; echo three").output, "one\ntwo\nthree\n");
}

TEST_P(WorkspaceExec, GivesBytesOnStandardInput) {
  auto workspace = Open();
  EXPECT_EQ(Run(*workspace, "wc -c").output, "0\n") << "none: it ends at once";
  ExecSpec spec;
  spec.command = "read -r first; echo \"$first\"; cat | wc -c";
  spec.input = "one\n" + std::string(kMostInput - 4, 'x');
  EXPECT_EQ(Run(*workspace, spec).output, Cat("one\n", kMostInput - 4, "\n"));
  spec.command = "true";
  EXPECT_EQ(Run(*workspace, spec).exit_code, 0) << "who does not read it does not hang";
  spec.input += 'x';
  EXPECT_EQ(workspace->Exec(spec, {}).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(WorkspaceExec, KeepsHeadAndTailOfLongOutput) {
  auto workspace = Open();
  ExecSpec spec;
  spec.command = "echo first; head -c 500000 /dev/zero | tr '\\0' x; echo; echo last";
  spec.max_output_bytes = 2000;
  const ExecResult result = Run(*workspace, spec);
  EXPECT_TRUE(result.output_truncated);
  EXPECT_THAT(result.output, StartsWith("first\n"));
  EXPECT_THAT(result.output, HasSubstr("\nlast\n"));
  EXPECT_LT(result.output.size(), 2100u);
}

TEST_P(WorkspaceExec, TimeOutKillsBackgroundChildrenToo) {
  auto workspace = Open();
  ExecSpec spec;
  const std::string mark = Cat("9", getpid(), ".25");
  spec.command = Cat("sleep ", mark, " & echo started; sleep ", mark);
  spec.timeout = absl::Milliseconds(700);
  const ExecResult result = Run(*workspace, spec);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.output, "started\n");
  EXPECT_EQ(Running(mark), 0);
}

TEST_P(WorkspaceExec, LeavesNoBackgroundChildAfterANormalEnd) {
  auto workspace = Open();
  const std::string mark = Cat("8", getpid(), ".25");
  EXPECT_EQ(Run(*workspace, Cat("sleep ", mark, " >/dev/null 2>&1 & exit 0")).exit_code, 0);
  EXPECT_EQ(Running(mark), 0);
}

TEST_P(WorkspaceExec, StopsWhenAskedTo) {
  auto workspace = Open();
  const std::string mark = Cat("7", getpid(), ".25");
  ExecSpec spec;
  spec.command = Cat("sleep ", mark);
  std::stop_source stop;
  std::jthread asker([&] {
    while (Running(mark) == 0) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(workspace->Exec(spec, stop.get_token()).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Running(mark), 0);
  EXPECT_EQ(Run(*workspace, "true").exit_code, 0) << "it can be used afterwards";
}

TEST_P(WorkspaceExec, HandsOnOutputAsItComes) {
  if (IsElsewhere()) GTEST_SKIP() << "what runs elsewhere is not spoken with";
  auto workspace = Open();
  ExecSpec spec;
  spec.command = "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two >&2; exit 5";
  std::string heard;
  spec.on_output = [&](std::string_view piece) { heard += piece; };
  spec.timeout = absl::Milliseconds(500);
  EXPECT_TRUE(Run(*workspace, spec).timed_out);
  EXPECT_EQ(heard, "one\n") << "before the end";
  spec.command = "echo one; echo two >&2; exit 5";
  spec.timeout = absl::Minutes(1);
  heard.clear();
  EXPECT_EQ(Run(*workspace, spec).exit_code, 5);
  EXPECT_EQ(heard, "one\ntwo\n");
}

TEST_P(WorkspaceExec, SpeaksWithACommand) {
  if (IsElsewhere()) GTEST_SKIP() << "what runs elsewhere is not spoken with";
  auto workspace = Open();
  ExecSpec spec;
  spec.command =
      "while read -r line; do echo \"got $line\"; echo aside >&2; done; echo ended; exit 4";
  std::string heard;
  spec.converse = [&](std::string_view piece, ExecInput& input) {
    if (piece.empty()) return input.Write("one\n");
    heard += piece;
    if (heard == "got one\n") input.Write("two\n");
    if (heard == "got one\ngot two\n") input.Close();
  };
  const ExecResult result = Run(*workspace, spec);
  EXPECT_EQ(heard, "got one\ngot two\nended\n");
  EXPECT_THAT(result.output, HasSubstr("aside\n"));
  EXPECT_EQ(result.exit_code, 4);
}

TEST_P(WorkspaceExec, EndsACommandInItsSilence) {
  if (IsElsewhere()) GTEST_SKIP() << "what runs elsewhere is not spoken with";
  auto workspace = Open();
  ExecSpec spec;
  const std::string mark = Cat("6", getpid(), ".25");
  spec.command = Cat("echo one; sleep 0.1; echo two; sleep ", mark);
  spec.silence = absl::Milliseconds(700);
  const ExecResult result = Run(*workspace, spec);
  EXPECT_TRUE(result.silent);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.output, "one\ntwo\n");
  EXPECT_EQ(Running(mark), 0);
}

TEST_P(WorkspaceExec, InterruptsThenTerminatesThenKills) {
  if (IsElsewhere()) GTEST_SKIP() << "what runs elsewhere is not spoken with";
  struct Case {
    const char* name;
    const char* traps;
    const char* says;
  };
  auto workspace = Open();
  for (const Case& c : std::initializer_list<Case>{
           {"obeys the first", "trap 'echo bye INT; exit 3' INT", "bye INT\n"},
           {"obeys the second", "trap '' INT; trap 'echo bye TERM; exit 4' TERM", "bye TERM\n"},
           {"obeys none", "trap '' INT TERM", nullptr}}) {
    SCOPED_TRACE(c.name);
    ExecSpec spec;
    const std::string mark = Cat("5", getpid(), ".25");
    spec.command = Cat(c.traps, "; (trap '' INT TERM; exec sleep ", mark,
                       ") >/dev/null 2>&1 & echo ready; while :; do sleep 0.02 || :; done");
    spec.timeout = absl::Milliseconds(600);
    spec.grace = absl::Milliseconds(500);
    const ExecResult result = Run(*workspace, spec);
    EXPECT_TRUE(result.timed_out);
    // Bash itself may say what became of its children.
    EXPECT_THAT(result.output, StartsWith("ready\n"));
    if (c.says == nullptr) {
      EXPECT_THAT(result.output, Not(HasSubstr("bye")));
    } else {
      EXPECT_THAT(result.output, EndsWith(c.says));
    }
    EXPECT_EQ(Running(mark), 0) << "what did not listen is gone too";
  }
}

TEST_P(WorkspaceExec, LetsACommandSayGoodbyeWhenItIsStopped) {
  if (IsElsewhere()) GTEST_SKIP() << "what runs elsewhere is not spoken with";
  auto workspace = Open();
  ExecSpec spec;
  spec.command = "trap 'echo bye; exit 0' INT; echo ready; while :; do sleep 0.02; done";
  spec.grace = absl::Seconds(20);
  std::stop_source stop;
  std::string heard;
  spec.on_output = [&](std::string_view piece) {
    heard += piece;
    stop.request_stop();
  };
  EXPECT_EQ(workspace->Exec(spec, stop.get_token()).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(heard, "ready\nbye\n");
}

TEST_P(WorkspaceExec, GivesOnlyItsOwnEnvironmentAndWhatWasAsked) {
  ASSERT_EQ(setenv("REGREEN_TEST_SECRET", "of-the-daemon", 1), 0);
  auto workspace = Open();
  ExecSpec spec;
  spec.command = "env; echo \"[$ODD]\"";
  spec.env = {{"EXTRA", "yes"}, {"ODD", " a\n$b '\""}, {"LANG", "C"}};
  const ExecResult result = Run(*workspace, spec);
  unsetenv("REGREEN_TEST_SECRET");
  for (const char* want : {"CI=true\n", "TERM=dumb\n", "EXTRA=yes\n", "PATH=", "HOME=/", "TMPDIR=/",
                           "LANG=C\n", "[ a\n$b '\"]\n"}) {
    EXPECT_THAT(result.output, HasSubstr(want));
  }
  EXPECT_THAT(result.output, Not(HasSubstr("of-the-daemon")));
  EXPECT_THAT(result.output, Not(HasSubstr("LANG=C.UTF-8")));
}

TEST_P(WorkspaceExec, RefusesAnImpossibleEnvironment) {
  auto workspace = Open();
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "x"},
           {"A=B", "x"},
           {std::string("A\0B", 3), "x"},
           {"A", std::string("\0--bind", 7)}}) {
    ExecSpec spec;
    spec.command = "true";
    spec.env = {{name, value}};
    EXPECT_EQ(workspace->Exec(spec, {}).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST_P(WorkspaceExec, RunsInTheTreeOrADirectoryBelowIt) {
  auto workspace = Open();
  EXPECT_EQ(Run(*workspace, "cat a.txt; ./run.sh").output, "one\nran\n");
  ExecSpec spec;
  spec.command = "cat b.txt";
  spec.directory = "folder";
  EXPECT_EQ(Run(*workspace, spec).output, "two\n");
  for (const char* outside : {"..", "/", "/etc", "folder/../..", "folder/../../x"}) {
    spec.directory = outside;
    EXPECT_EQ(workspace->Exec(spec, {}).status().code(), StatusCode::kInvalidArgument) << outside;
  }
  spec.directory = "none";
  EXPECT_FALSE(workspace->Exec(spec, {}).ok())
      << "a directory that is not there is no failed command";
}

TEST_P(WorkspaceExec, KeepsHomeAndTreeFromCommandToCommand) {
  auto workspace = Open();
  Run(*workspace, "echo kept > ~/.cache-file; echo new > new.txt");
  EXPECT_EQ(Run(*workspace, "cat ~/.cache-file new.txt").output, "kept\nnew\n");
  auto other = Open();
  EXPECT_NE(Run(*other, "cat ~/.cache-file").exit_code, 0) << "homes are not shared";
}

TEST_P(WorkspaceExec, HasAUsableGit) {
  auto workspace = Open();
  EXPECT_EQ(Run(*workspace, "git rev-parse HEAD").output, base_ + "\n");
  EXPECT_EQ(Run(*workspace, "git ls-files").output, ".gitignore\na.txt\nfolder/b.txt\nrun.sh\n");
  EXPECT_EQ(Run(*workspace, "git status --porcelain").output, "");
  EXPECT_EQ(Run(*workspace, "git diff --exit-code && git diff-index --quiet HEAD").exit_code, 0);
  EXPECT_EQ(Run(*workspace, "git log -1 --format=%s").output, "the base\n");
  EXPECT_EQ(Run(*workspace, "git remote; ls .git/hooks 2>/dev/null | wc -l").output, "0\n");
  EXPECT_EQ(Run(*workspace, "echo x >> a.txt; git diff --exit-code").exit_code, 1);
  EXPECT_EQ(
      Run(*workspace, "git commit -qam mine && git stash list && git status --porcelain").output,
      "");
}

TEST_P(WorkspaceExec, PlumbingSeesNoChangeInAFreshTree) {
  auto workspace = Open();
  const ExecResult result = Run(*workspace, "git diff-files --exit-code");
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

TEST_P(WorkspaceExec, OpensARepositoryThatBorrowsObjects) {
  const std::string lender = mirror_;
  const std::string middle = git_.NewFolder("middle");
  git_.GitIn(middle, {"clone", "-q", "--bare", "--shared", lender, "."});
  mirror_ = git_.NewFolder("borrower");
  git_.GitIn(mirror_, {"clone", "-q", "--bare", "--shared", middle, "."});
  std::ofstream(mirror_ + "/objects/info/alternates")
      << "../../" << fs::path(middle).filename().string() << "/objects\n";
  auto workspace = Open();
  EXPECT_EQ(Run(*workspace,
                "git log -1 --format=%s 2>&1; git fsck --no-dangling 2>&1; git status --porcelain")
                .output,
            "the base\n");
}

TEST_P(WorkspaceExec, OpensAShallowRepository) {
  git_.Commit("on top");
  base_ = git_.Commit("the last");
  mirror_ = git_.NewFolder("shallow");
  git_.GitIn(mirror_, {"clone", "-q", "--bare", "--depth=1", Cat("file://", git_.work()), "."});
  auto workspace = Open();
  EXPECT_EQ(Run(*workspace, "git log --format=%s 2>&1; git status --porcelain").output,
            "the last\n");
  Run(*workspace, "echo x >> a.txt");
  auto patch = workspace->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_EQ(Run(*Open(&*patch), "git log --format=%H 2>&1 | wc -l").output, "2\n");
}

TEST_P(WorkspaceExec, CommitsThePatchThatItVerifies) {
  auto first = Open();
  Run(*first, "echo changed > a.txt; git rm -q folder/b.txt; echo n > new.txt; chmod -x run.sh");
  auto patch = first->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  auto second = Open(&*patch);
  EXPECT_EQ(Run(*second, "cat a.txt new.txt; test ! -e folder; test ! -x run.sh").output,
            "changed\nn\n");
  EXPECT_EQ(Run(*second, "git status --porcelain; git rev-parse HEAD^").output, base_ + "\n");
  EXPECT_EQ(Run(*second, "git show --format= --name-status HEAD").output,
            "M\ta.txt\nD\tfolder/b.txt\nA\tnew.txt\nM\trun.sh\n");
  EXPECT_EQ(Run(*second, "git diff --exit-code HEAD && git fsck --no-dangling 2>&1").exit_code, 0);
}

TEST_P(WorkspaceExec, LeavesNothingBehind) {
  auto workspace = Open();
  Run(*workspace, "mkdir -p deep/er; echo x > deep/er/f; chmod 000 deep; ln -s / root-link");
  EXPECT_EQ(Leftovers(), 1);
  workspace.reset();
  EXPECT_EQ(Leftovers(), 0);
}

TEST_P(WorkspaceExec, RemovesWhatAKilledDaemonLeftAndNothingInUse) {
  auto in_use = Open();
  fs::create_directories(options_.directory + "/task-9-0123456789ab/tree/x");
  EXPECT_EQ(Leftovers(), 2);
  ASSERT_TRUE(factory_->Reap().ok());
  EXPECT_EQ(Leftovers(), 1);
  EXPECT_EQ(Run(*in_use, "cat a.txt").output, "one\n");
}

TEST_P(WorkspaceExec, SaysThatACommitIsNotThere) {
  const Status status = factory_->Open({"t", mirror_, std::string(40, 'a'), nullptr}, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound) << status;
  EXPECT_EQ(Leftovers(), 0);
}

TEST_P(WorkspaceExec, RefusesAPatchOfAnotherBase) {
  Patch patch;
  patch.base_commit = std::string(40, 'b');
  patch.bytes = "diff";
  EXPECT_EQ(factory_->Open({"t", mirror_, base_, &patch}, {}).status().code(),
            StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Kinds, WorkspaceExec, testing::ValuesIn(ContractKinds()), KindName);

}  // namespace
}  // namespace regreen
