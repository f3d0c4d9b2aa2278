// What is left when the process that holds a workspace is killed, and what is said when a workspace
// elsewhere goes away.
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include "absl/time/clock.h"
#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(30);

std::vector<ContractKind> KindsOf(const std::vector<std::string_view>& names) {
  std::vector<ContractKind> kinds = ContractKinds();
  std::erase_if(kinds, [&](const ContractKind& kind) {
    return std::find(names.begin(), names.end(), kind.name) == names.end();
  });
  return kinds;
}

std::vector<pid_t> ProcessesWith(std::string_view mark) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::int64_t pid = 0;
    if (!ParseInt64(entry.path().filename().string(), &pid)) continue;
    const std::string line = ReadFile(entry.path() / "cmdline", 1 << 20).value_or("");
    if (line.find(mark) != std::string::npos) found.push_back(static_cast<pid_t>(pid));
  }
  return found;
}

class WorkspaceVanish : public WorkspaceContract {
 protected:
  // The machines, or the folders on one, that are there for our folder of workspaces.
  std::vector<std::string> Machines() const {
    std::vector<std::string> names;
    if (options_.kind == "container") {
      const auto engine = NewContainerEngine(options_);
      EXPECT_TRUE(engine.ok()) << engine.status();
      names = *(*engine)->List(Cat("regreen-", *ReadFile(options_.directory + ".instance", 64)));
    } else if (options_.kind == "exec") {
      for (const auto& entry : fs::directory_iterator(options_.exec.folder))
        names.push_back(entry.path().filename().string());
    }
    return names;
  }
  // Ends the one machine there is.
  void Cut() const {
    const std::vector<std::string> names = Machines();
    ASSERT_EQ(names.size(), 1u);
    if (options_.kind == "container") {
      ASSERT_TRUE((*NewContainerEngine(options_))->Destroy(names[0]).ok());
    } else {
      fs::rename(options_.exec.folder + "/" + names[0], git_.NewFolder("moved") + "/away");
    }
  }
};

TEST_P(WorkspaceVanish, AKilledHolderLeavesNothingAfterTheNextStart) {
  const std::string mark = Cat("4", getpid(), ".25");
  const pid_t holder = fork();
  if (holder == 0) {
    auto workspace = factory_->Open({"task-1", mirror_, base_}, {});
    ExecSpec spec;
    spec.command = Cat("(sleep ", mark, " & wait)");
    if (workspace.ok()) static_cast<void>((*workspace)->Exec(spec, {}));
    _exit(1);
  }
  // The command itself, not what starts it.
  while (Running(Cat("sleep", std::string(1, '\0'), mark)) == 0) {
    ASSERT_EQ(waitpid(holder, nullptr, WNOHANG), 0) << "it ended by itself";
    std::this_thread::yield();
  }
  ASSERT_EQ(kill(holder, SIGKILL), 0);
  ASSERT_EQ(waitpid(holder, nullptr, 0), holder);
  EXPECT_EQ(Leftovers(), 1) << "what its death leaves";
  ASSERT_TRUE(factory_->Reap().ok());
  EXPECT_EQ(Leftovers(), 0);
  EXPECT_THAT(Machines(), IsEmpty());
  const absl::Time deadline = absl::Now() + kPatience;  // the kernel ends them with their parent
  while (Running(mark) > 0 && absl::Now() < deadline) std::this_thread::yield();
  EXPECT_EQ(Running(mark), 0);
}

class WorkspaceElsewhere : public WorkspaceVanish {};
class WorkspaceConnection : public WorkspaceVanish {};

TEST_P(WorkspaceElsewhere, OneThatGoesAwayIsARetryAndNoRedCommand) {
  auto workspace = Open();
  ASSERT_NE(workspace, nullptr);
  Cut();
  ExecSpec spec;
  spec.command = "true";
  const Status run = workspace->Exec(spec, {}).status();
  EXPECT_EQ(run.code(), StatusCode::kUnavailable) << run;
  const Status capture = workspace->Capture({}).status();
  EXPECT_EQ(capture.code(), StatusCode::kUnavailable) << capture;
}

TEST_P(WorkspaceConnection, ThatIsLostWhileACommandRunsIsARetry) {
  auto workspace = Open();
  ASSERT_NE(workspace, nullptr);
  const std::string mark = Cat("3", getpid(), ".25");
  std::jthread cutter([&] {
    while (Running(mark) == 0) std::this_thread::yield();
    if (options_.kind == "container") return Cut();
    // The one that carries all calls of this host.
    for (const pid_t carrier : ProcessesWith(options_.directory + ".ssh")) kill(carrier, SIGKILL);
  });
  ExecSpec spec;
  spec.command = Cat("sleep ", mark);
  const Status run = workspace->Exec(spec, {}).status();
  EXPECT_EQ(run.code(), StatusCode::kUnavailable) << run;
  cutter.join();
  workspace.reset();
  EXPECT_THAT(Machines(), IsEmpty());
  EXPECT_EQ(Running(mark), 0) << "what was cut off is ended with the workspace";
}

// That of a Coder server has a file of its own.
INSTANTIATE_TEST_SUITE_P(Kinds, WorkspaceVanish,
                         testing::ValuesIn(KindsOf({"sandbox", "sandbox_without_overlay",
                                                    "worktree", "exec_here", "exec_ssh",
                                                    "container"})),
                         KindName);
INSTANTIATE_TEST_SUITE_P(Kinds, WorkspaceElsewhere,
                         testing::ValuesIn(KindsOf({"exec_here", "exec_ssh", "container"})),
                         KindName);
INSTANTIATE_TEST_SUITE_P(Kinds, WorkspaceConnection,
                         testing::ValuesIn(KindsOf({"exec_ssh", "container"})), KindName);

}  // namespace
}  // namespace regreen
