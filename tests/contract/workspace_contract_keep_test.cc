// What a task left, kept for a person. A kind that does not keep says so, and leaves nothing.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "absl/time/clock.h"
#include "daemon/base/file.h"
#include "daemon/base/subprocess.h"
#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

using testing::HasSubstr;

class WorkspaceKeep : public WorkspaceContract {
 protected:
  // What is kept on machines of others does not go by itself.
  void TearDown() override {
    while (factory_ != nullptr) {
      auto left = Reopen(*factory_);
      if (!left.ok() || !(*left)->Keep(absl::Now()).ok()) break;
    }
    if (factory_ != nullptr) {
      EXPECT_TRUE(factory_->Reap().ok());
    }
    WorkspaceContract::TearDown();
  }
  // False for a kind that keeps nothing.
  bool Leave(const std::string& command, absl::Duration keep) {
    auto workspace = Open();
    Run(*workspace, command);
    const Status kept = workspace->Keep(absl::Now() + keep);
    if (kept.ok()) return true;
    EXPECT_EQ(kept.code(), StatusCode::kFailedPrecondition) << kept;
    return false;
  }
  StatusOr<std::unique_ptr<Workspace>> Reopen(WorkspaceFactory& factory,
                                              const std::string& task = "task-1") {
    WorkspaceSpec spec;
    spec.task_id = task;
    return factory.Reopen(spec, {});
  }
};

TEST_P(WorkspaceKeep, OpensAgainAsItWasLeftAlsoInAnotherProcess) {
  if (!Leave("echo more >> a.txt; rm folder/b.txt; echo new > new.txt", absl::Hours(1))) return;
  ASSERT_TRUE(factory_->Reap().ok());
  auto other = CreateWorkspaceFactory(options_);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE((*other)->Reap().ok()) << "a start leaves it";
  {
    auto again = Reopen(**other);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(Run(**again, "cat a.txt new.txt; ls folder 2>/dev/null || true").output,
              "one\nmore\nnew\n");
    Run(**again, "echo person > new.txt; git status --short | wc -l");
  }
  auto again = Reopen(*factory_);
  ASSERT_TRUE(again.ok()) << again.status() << ": it stays kept after it was looked at";
  const auto patch = (*again)->Capture({});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_THAT(patch->bytes, HasSubstr("+more"));
  EXPECT_THAT(patch->bytes, HasSubstr("+person"));
  EXPECT_THAT(patch->bytes, HasSubstr("-two"));
}

TEST_P(WorkspaceKeep, IsForOnePersonAtATimeAndForOneTask) {
  if (!Leave("true", absl::Hours(1))) return;
  auto first = Reopen(*factory_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Reopen(*factory_).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Reopen(*factory_, "task-2").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Reopen(*factory_, "task").status().code(), StatusCode::kNotFound);
}

TEST_P(WorkspaceKeep, GoesWhenItsTimeIsOver) {
  if (!Leave("true", absl::ZeroDuration())) return;
  EXPECT_EQ(Leftovers(), 1) << "until it is swept";
  EXPECT_EQ(Reopen(*factory_).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(factory_->Reap().ok());
  EXPECT_EQ(Leftovers(), 0);
}

TEST_P(WorkspaceKeep, APersonWorksInItAtATerminalOfTheirOwn) {
  if (!Leave("true", absl::Hours(1))) return;
  if (factory_->FindElsewhere("task-1").ok()) return;  // its terminal is there
  auto again = Reopen(*factory_);
  ASSERT_TRUE(again.ok()) << again.status();
  const UniqueFd outer(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(outer && grantpt(outer.get()) == 0 && unlockpt(outer.get()) == 0);
  const UniqueFd inner(open(ptsname(outer.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(inner);
  ExecSpec spec;
  spec.terminal = inner.get();
  spec.timeout = absl::Seconds(30);
  spec.command = "test -t 0 && test -t 1 && : < /dev/tty && echo a terminal";
  const ExecResult result = Run(**again, spec);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "") << "what is printed there is the person's";
  char printed[200];
  const ssize_t n = read(outer.get(), printed, sizeof printed);
  ASSERT_GT(n, 0);
  EXPECT_THAT(std::string(printed, static_cast<std::size_t>(n)), HasSubstr("a terminal"));
}

// One that is on another machine is told of, also by a process that has not kept it.
TEST_P(WorkspaceKeep, IsFoundWhereItIs) {
  const bool remote = options_.kind != "sandbox" && options_.kind != "worktree";
  EXPECT_EQ(factory_->FindElsewhere("task-1").status().code(), StatusCode::kNotFound);
  const absl::Time before = absl::Now();
  if (!Leave("echo mine > mine.txt", absl::Hours(1))) return;
  auto other = CreateWorkspaceFactory(options_);
  ASSERT_TRUE(other.ok());
  const auto way = (*other)->FindElsewhere("task-1");
  EXPECT_EQ(way.ok(), remote) << way.status();
  EXPECT_EQ((*other)->FindElsewhere("task-2").status().code(), StatusCode::kNotFound);
  if (!remote) return;
  EXPECT_TRUE(way->folder.ends_with("/tree")) << way->folder;
  EXPECT_GE(way->until, before + absl::Hours(1));
  // What opens a shell there, asked for a word instead.
  if (options_.exec.preset == "ssh") {
    ProcessSpec spec;
    spec.env = {{"PATH", "/usr/bin:/bin"}, {"SHELL", "/bin/sh"}};
    spec.argv = {"/bin/sh", "-c", Cat("echo 'cat mine.txt; exit' | ", way->command)};
    const auto told = RunProcess(spec);
    ASSERT_TRUE(told.ok()) << told.status();
    EXPECT_THAT(told->out, HasSubstr("mine")) << way->command << told->err;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, WorkspaceKeep, testing::ValuesIn(ContractKinds()), KindName);

}  // namespace
}  // namespace regreen
