// What a sandboxed command may use. Each attack is made from inside, with small limits, so that the
// machine that runs the tests does not suffer when one of them holds nothing.
#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/time/clock.h"
#include "adapters/workspace/cgroup.h"
#include "adapters/workspace/registry.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class SandboxLimitsTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.directory = git_.NewFolder("workspaces");
    git_.Write("a.txt", "one\n");
    base_ = git_.Commit("base");
    mirror_ = git_.CloneBare();
  }
  // Skips where there is no sandbox.
  void Open(const WorkspaceLimits& asked = kAsConfigured) {
    auto factory = CreateWorkspaceFactory(options_);
    ASSERT_TRUE(factory.ok()) << factory.status();
    factory_ = *std::move(factory);
    if (const Status probe = factory_->Probe(); !probe.ok()) {
      GTEST_SKIP() << "this machine cannot open a sandbox: " << Message(probe);
    }
    WorkspaceSpec spec{"task", mirror_, base_, nullptr};
    spec.limits = asked;
    auto workspace = factory_->Open(spec, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    workspace_ = *std::move(workspace);
  }
  ExecResult Run(const std::string& command, absl::Duration timeout = absl::Seconds(60)) {
    ExecSpec spec;
    spec.command = command;
    spec.timeout = timeout;
    auto result = workspace_->Exec(spec, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : ExecResult{};
  }
  ExecResult Python(const std::string& program) {
    return Run(Cat("python3 - <<'END'\nimport mmap, os, signal, sys, time\n", program, "\nEND"));
  }
  void ExpectEnded(const ExecResult& result, const std::string& why) {
    EXPECT_THAT(result.ended_by, StartsWith(why)) << result.output;
    EXPECT_EQ(result.exit_code, 137);
    EXPECT_FALSE(result.timed_out);
    EXPECT_LT(result.wall, absl::Seconds(30));
    // Nothing of it is left that the next command could meet.
    EXPECT_EQ(Run("ls -d /proc/[0-9]* | wc -l").exit_code, 0);
  }

  GitFixture git_;
  WorkspaceOptions options_;
  std::unique_ptr<WorkspaceFactory> factory_;
  std::string base_, mirror_;
  std::unique_ptr<Workspace> workspace_;
};

TEST_F(SandboxLimitsTest, EndsWhatTakesMoreMemoryThanItMay) {
  options_.limits.memory_bytes = 64 << 20;
  Open();
  if (IsSkipped()) return;
  const ExecResult result = Python(
      "a = []\nfor i in range(1024):\n  a.append(b'x' * (1 << 20))\n  time.sleep(0.002)\n"
      "print('had it all')");
  ExpectEnded(result, "used more than the 64 MiB of memory that it may");
  EXPECT_EQ(result.output, "");
}

TEST_F(SandboxLimitsTest, CountsMemoryOfAllProcessesTogether) {
  options_.limits.memory_bytes = 96 << 20;
  Open();
  if (IsSkipped()) return;
  ExpectEnded(Python("for i in range(8):\n  if os.fork() == 0:\n    a = b'x' * (30 << 20)\n"
                     "    time.sleep(60)\ntime.sleep(60)"),
              "used more than the 96 MiB of memory");
}

TEST_F(SandboxLimitsTest, CountsPagesThatForksShareOnce) {
  options_.limits.memory_bytes = 160 << 20;
  Open();
  if (IsSkipped()) return;
  const ExecResult result = Python(
      "a = b'x' * (60 << 20)\nfor i in range(5):\n  if os.fork() == 0:\n    time.sleep(1)\n"
      "    os._exit(0)\nfor i in range(5): os.wait()\nprint('done')");
  EXPECT_EQ(result.output, "done\n") << result.ended_by;
}

TEST_F(SandboxLimitsTest, CountsReservedMemoryNotAtAll) {
  options_.limits.memory_bytes = 64 << 20;
  Open();
  if (IsSkipped()) return;
  // As a sanitizer's shadow does: writable, and far more than there is.
  const ExecResult result = Python(
      "m = mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)\n"
      "time.sleep(0.3)\nprint('reserved')");
  EXPECT_EQ(result.output, "reserved\n") << result.ended_by;
}

TEST_F(SandboxLimitsTest, CountsFilesThatAreMemory) {
  options_.limits.memory_bytes = 64 << 20;
  Open();
  if (IsSkipped()) return;
  const std::string fill =
      "def fill(f):\n  for i in range(256):\n    f.write(b'x' * (1 << 20)); f.flush()\n"
      "    time.sleep(0.005)\n";
  const ExecResult tmp = Python(fill + "fill(open('/tmp/x', 'wb'))");
  EXPECT_THAT(tmp.output, HasSubstr("No space left")) << "half of the memory";
  const ExecResult shm = Python(fill + "fill(open('/dev/shm/x', 'wb'))");
  EXPECT_THAT(shm.output, HasSubstr("No space left")) << "a quarter of it";
  ExpectEnded(Python(fill + "fd = os.memfd_create('x')\nfill(os.fdopen(fd, 'wb'))\ntime.sleep(60)"),
              "used more than the 64 MiB of memory");
  ExpectEnded(Python("m = mmap.mmap(-1, 256 << 20)\nfor i in range(0, 256 << 20, 4096):\n"
                     "  m[i] = 1\ntime.sleep(60)"),
              "used more than the 64 MiB of memory");
}

TEST_F(SandboxLimitsTest, EndsWhatFillsATemporaryFolderWithEmptyFiles) {
  options_.limits.memory_bytes = 48 << 20;
  Open();
  if (IsSkipped()) return;
  ExpectEnded(Python("for i in range(1000000): open('/tmp/%d' % i, 'w').close()"),
              "used more than the 48 MiB of memory");
}

TEST_F(SandboxLimitsTest, RefusesLargeSegmentsThatNobodySees) {
  Open();
  if (IsSkipped()) return;
  const std::string make =
      "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
      "def make(n): return libc.shmget(0, ctypes.c_size_t(n), 0o1600), ctypes.get_errno()\n";
  EXPECT_EQ(Python(make + "print(make(1 << 20))").output, "(-1, 22)\n");
  EXPECT_EQ(Python(make + "print(make(56)[0] >= 0)").output, "True\n");
}

// Doubles, and doubles again; by its own making no more than 256 at once, should nothing hold it.
constexpr char kForkBomb[] =
    "for i in range(8):\n  try:\n    if os.fork() == 0: DETACH\n"
    "  except OSError: pass\ntime.sleep(60)";

TEST_F(SandboxLimitsTest, EndsAForkBomb) {
  options_.limits.processes = 50;
  Open();
  if (IsSkipped()) return;
  for (const char* detach :
       {"pass", "os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN)"}) {
    std::string bomb = kForkBomb;
    bomb.replace(bomb.find("DETACH"), 6, detach);
    ExpectEnded(Python(bomb), "had more than the 50 processes and threads at once that it may");
  }
}

TEST_F(SandboxLimitsTest, CountsThreadsAsProcesses) {
  options_.limits.processes = 50;
  Open();
  if (IsSkipped()) return;
  ExpectEnded(Python("import threading\nfor i in range(55):\n"
                     "  threading.Thread(target=time.sleep, args=(60,)).start()"),
              "had more than the 50 processes and threads");
}

TEST_F(SandboxLimitsTest, LeavesWhatKeepsToItsLimits) {
  options_.limits.processes = 50;
  options_.limits.memory_bytes = 256 << 20;
  options_.limits.disk_bytes = 32 << 20;
  Open();
  if (IsSkipped()) return;
  const ExecResult result =
      Run("for i in $(seq 30); do sleep 0.5 & done; head -c 16M /dev/zero > big; wait; echo done");
  EXPECT_EQ(result.output, "done\n");
  EXPECT_EQ(result.ended_by, "");
}

TEST_F(SandboxLimitsTest, EndsWhatFillsTheDisk) {
  options_.limits.disk_bytes = 32 << 20;
  for (const bool overlay : {true, false}) {
    options_.overlay = overlay;
    Open();
    if (IsSkipped()) return;
    for (const char* path : {"/regreen/tree/x", "/home/regreen/x"}) {
      ExpectEnded(Run(Cat("i=0; while [ $i -lt 400 ]; do head -c 1M /dev/zero >> ", path,
                          "; i=$((i+1)); sleep 0.01; done; sleep 60")),
                  "wrote more than the 32 MiB to the disk that it may");
      Open();  // what it wrote stays as long as its workspace
    }
  }
}

TEST_F(SandboxLimitsTest, CountsFilesThatHaveNoNameAnyMore) {
  options_.limits.disk_bytes = 32 << 20;
  Open();
  if (IsSkipped()) return;
  ExpectEnded(
      Python(
          "f = open('/regreen/tree/x', 'wb')\nos.unlink('/regreen/tree/x')\nfor i in range(100):\n"
          "  f.write(b'x' * (1 << 20)); f.flush()\ntime.sleep(60)"),
      "wrote more than the 32 MiB to the disk");
}

TEST_F(SandboxLimitsTest, RefusesAFileThatIsTooLargeAndCountsNoHoles) {
  options_.limits.file_bytes = 16 << 20;
  options_.limits.disk_bytes = 32 << 20;
  Open();
  if (IsSkipped()) return;
  EXPECT_NE(Run("truncate -s 17M hole").exit_code, 0);
  EXPECT_EQ(Run("for i in 1 2 3 4; do truncate -s 16M hole$i; done; sleep 1.5; echo done").output,
            "done\n");
}

TEST_F(SandboxLimitsTest, EndsWhatMakesTooManyFiles) {
  options_.limits.files = 500;
  Open();
  if (IsSkipped()) return;
  ExpectEnded(Python("for i in range(3000): os.mkdir('/home/regreen/%d' % i)\ntime.sleep(60)"),
              "made more than the 500 files that it may");
}

TEST_F(SandboxLimitsTest, EndsWhatHidesInDepth) {
  Open();
  if (IsSkipped()) return;
  ExpectEnded(Python("for i in range(2000):\n  os.mkdir('d'); os.chdir('d')\ntime.sleep(60)"),
              "made folders more than 128 deep");
}

TEST_F(SandboxLimitsTest, GivesSoManyProcessors) {
  options_.limits.cpu = 1;
  Open();
  if (IsSkipped()) return;
  EXPECT_EQ(Run("nproc").output, "1\n");
}

TEST_F(SandboxLimitsTest, EndsWhatTakesMoreProcessorsThanItWasGiven) {
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "needs two processors";
  options_.limits.cpu = 1;
  Open();
  if (IsSkipped()) return;
  const ExecResult result =
      Run("spin() { taskset -pc 0-1023 $BASHPID >/dev/null 2>&1; while :; do :; done; }\n"
          "for i in 1 2 3 4; do spin & done; wait",
          absl::Seconds(4));
  // Where a cgroup holds the share, or others use this machine, time comes first.
  EXPECT_TRUE(result.timed_out || result.ended_by.starts_with("used more than the 4s of processor"))
      << result.ended_by;
}

TEST_F(SandboxLimitsTest, EndsAtTheTimeoutWhatSleepsOrSpins) {
  Open();
  if (IsSkipped()) return;
  for (const char* command : {"sleep 600", "while :; do :; done", "trap '' TERM; sleep 600"}) {
    const ExecResult result = Run(command, absl::Seconds(1));
    EXPECT_TRUE(result.timed_out) << command;
    EXPECT_EQ(result.ended_by, "");
  }
}

TEST_F(SandboxLimitsTest, CapsAFloodOfOutput) {
  options_.limits.memory_bytes = 64 << 20;
  Open();
  if (IsSkipped()) return;
  const ExecResult result = Run("head -c 200M /dev/zero | tr '\\0' x; echo end");
  EXPECT_EQ(result.exit_code, 0) << result.ended_by;
  EXPECT_TRUE(result.output_truncated);
  EXPECT_LE(result.output.size(), (4u << 20) + 200);
}

TEST_F(SandboxLimitsTest, GivesWhatIsAskedForAndNoMoreThanIsConfigured) {
  options_.limits.memory_bytes = 512 << 20;
  WorkspaceLimits asked = kAsConfigured;
  asked.memory_bytes = std::int64_t{8} << 30;
  asked.cpu = 1;
  Open(asked);
  if (IsSkipped()) return;
  EXPECT_EQ(Run("nproc; df -k --output=size /tmp | tail -1 | tr -d ' '").output, "1\n262144\n");
  asked.memory_bytes = 128 << 20;
  Open(asked);
  EXPECT_EQ(Run("df -k --output=size /tmp | tail -1 | tr -d ' '").output, "65536\n");
}

TEST_F(SandboxLimitsTest, GoesFirstWhereMemoryRunsOut) {
  Open();
  if (IsSkipped()) return;
  EXPECT_EQ(Run("cat /proc/self/oom_score_adj").output, "1000\n");
  EXPECT_NE(Run("echo -1000 > /proc/self/oom_score_adj").exit_code, 0);
}

// What this process and the machine show of workspaces.
struct Traces {
  int descriptors = 0, mounts = 0, children = 0, unix_sockets = 0, cgroups = 0, folders = 0;
  bool operator==(const Traces&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Traces& t) {
  return out << t.descriptors << " descriptors, " << t.mounts << " mounts, " << t.children
             << " processes, " << t.unix_sockets << " sockets, " << t.cgroups << " cgroups, "
             << t.folders << " folders";
}

int CountLines(const std::string& path, std::string_view with) {
  const auto text = ReadFile(path, 64 << 20);
  int lines = 0;
  if (!text.ok()) return 0;
  for (const std::string_view line : SplitLines(*text))
    lines += line.find(with) != std::string_view::npos ? 1 : 0;
  return lines;
}

int Entries(const fs::path& folder) {
  std::error_code error;
  int entries = 0;
  for (const auto& entry : fs::directory_iterator(folder, error)) entries += !entry.path().empty();
  return entries;
}

Traces Look(const std::string& directory) {
  Traces traces;
  traces.descriptors = Entries("/proc/self/fd");
  traces.mounts = CountLines("/proc/self/mountinfo", "");
  for (const auto& process : fs::directory_iterator("/proc")) {
    const auto line = ReadFile(process.path() / "cmdline", 1 << 16);
    traces.children += line.ok() && line->find("regreen-hundred") != std::string::npos;
  }
  traces.unix_sockets = CountLines("/proc/net/unix", directory);
  const auto own = ReadFile("/proc/self/cgroup", 1 << 20),
             mounts = ReadFile("/proc/self/mountinfo", 1 << 20);
  const auto cgroup = CgroupFolder(own.ok() ? *own : "", mounts.ok() ? *mounts : "");
  if (cgroup.ok()) {
    const fs::path ours = fs::path(*cgroup).filename() == "regreen-daemon"
                              ? fs::path(*cgroup).parent_path()
                              : fs::path(*cgroup);
    for (const auto& entry : fs::directory_iterator(ours))
      traces.cgroups += entry.path().filename().string().starts_with("workspace-");
  }
  traces.folders = Entries(directory);
  return traces;
}

TEST_F(SandboxLimitsTest, AHundredWorkspacesLeaveNothing) {
  options_.networks["packages"].allow = {"registry.example:443"};
  options_.forwarder = ForwardChild();
  Open();
  if (IsSkipped()) return;
  workspace_.reset();
  const Traces before = Look(options_.directory);
  for (int i = 0; i < 100; ++i) {
    WorkspaceSpec spec{"hundred", mirror_, base_, nullptr};
    if (i % 2 == 0) spec.network = {"packages"};
    auto workspace = factory_->Open(spec, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    ExecSpec command;
    command.command =
        "echo x > new; mkdir -p deep/er; echo y > $HOME/z; echo t > /tmp/t\n"
        "(setsid sh -c ': regreen-hundred; sleep 600' &) ; : > /dev/shm/s";
    command.timeout = absl::Seconds(30);
    ASSERT_TRUE((*workspace)->Exec(command, {}).ok());
  }
  EXPECT_EQ(Look(options_.directory), before);
}

}  // namespace
}  // namespace regreen
