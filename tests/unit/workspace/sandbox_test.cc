// What only the sandbox promises. Each attack is made from inside.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "adapters/workspace/registry.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.directory = git_.NewFolder("workspaces");
    git_.Write("a.txt", "one\n");
    base_ = git_.Commit("base");
    mirror_ = git_.CloneBare();
    Reopen();
  }
  void Reopen() {
    workspace_.reset();
    auto factory = CreateWorkspaceFactory(options_);
    ASSERT_TRUE(factory.ok()) << factory.status();
    factory_ = *std::move(factory);
    if (const Status probe = factory_->Probe(); !probe.ok()) {
      GTEST_SKIP() << "this machine cannot open a sandbox: " << Message(probe);
    }
    auto workspace = factory_->Open({"task", mirror_, base_, nullptr}, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    workspace_ = *std::move(workspace);
  }
  ExecResult Run(const std::string& command) {
    ExecSpec spec;
    spec.command = command;
    auto result = workspace_->Exec(spec, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : ExecResult{};
  }
  // Runs Python that ends with 0 when the attack worked.
  ExecResult Attack(const std::string& python) {
    ExecSpec spec;
    spec.command = "python3 - <<'END'\n" + python + "\nEND";
    auto result = workspace_->Exec(spec, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : ExecResult{};
  }

  GitFixture git_;
  WorkspaceOptions options_;
  std::unique_ptr<WorkspaceFactory> factory_;
  std::string base_, mirror_;
  std::unique_ptr<Workspace> workspace_;
};

// A TCP listener on 127.0.0.1 and one on an abstract unix socket.
class Listeners {
 public:
  Listeners() : tcp_(socket(AF_INET, SOCK_STREAM, 0)), abstract_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(tcp_.get(), 4), 0);
    socklen_t size = sizeof address;
    getsockname(tcp_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    name_ = Cat("regreen-test-", getpid());
    sockaddr_un local = {};
    local.sun_family = AF_UNIX;
    name_.copy(local.sun_path + 1, sizeof local.sun_path - 2);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    EXPECT_EQ(bind(abstract_.get(), reinterpret_cast<sockaddr*>(&local), length), 0);
    EXPECT_EQ(listen(abstract_.get(), 4), 0);
  }
  int port() const { return port_; }
  const std::string& name() const { return name_; }

 private:
  UniqueFd tcp_, abstract_;
  int port_ = 0;
  std::string name_;
};

TEST_F(SandboxTest, ReachesNoNetworkAndNoSocketOfTheHost) {
  const Listeners listeners;
  const ExecResult tcp = Attack(
      Cat("import socket; socket.create_connection((\"127.0.0.1\", ", listeners.port(), "), 2)"));
  EXPECT_EQ(tcp.exit_code, 1);
  EXPECT_THAT(tcp.output, HasSubstr("Connection refused"));
  const ExecResult abstract = Attack(
      Cat("import socket; socket.socket(socket.AF_UNIX).connect(\"\\0", listeners.name(), "\")"));
  EXPECT_EQ(abstract.exit_code, 1);
  EXPECT_THAT(abstract.output, HasSubstr("Connection refused"));
  EXPECT_THAT(
      Attack("import socket; s = socket.socket(); s.settimeout(2); s.connect((\"192.0.2.1\", 80))")
          .output,
      HasSubstr("Network is unreachable"));
  EXPECT_NE(Run("getent hosts example.com").exit_code, 0);
}

TEST_F(SandboxTest, ItsOwnLoopbackWorks) {
  const ExecResult result = Attack(
      "import socket; s = socket.create_server((\"127.0.0.1\", 0)); "
      "socket.create_connection(s.getsockname(), 2); print('ok')");
  EXPECT_EQ(result.output, "ok\n");
}

TEST_F(SandboxTest, CannotMakeSocketsThatPassNamespaces) {
  for (const char* family : {"AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"}) {
    const ExecResult result =
        Attack(Cat("import socket; socket.socket(socket.", family, ", socket.SOCK_RAW)"));
    EXPECT_EQ(result.exit_code, 1) << family;
    EXPECT_THAT(result.output, HasSubstr("Address family not supported")) << family;
  }
}

TEST_F(SandboxTest, CannotMakeNamespacesMountTraceOrPush) {
  struct Case {
    const char* name;
    const char* python;
    const char* want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"unshare", "libc.unshare(0x10000000)", "1"},
           {"clone into a user namespace", "libc.syscall(56, 0x10000011, 0, 0, 0, 0)", "1"},
           {"clone3", "libc.syscall(435, 0, 0)", "38"},
           {"setns", "libc.setns(0, 0)", "1"},
           {"mount", "libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0)", "1"},
           {"ptrace", "libc.ptrace(16, 1, 0, 0)", "1"},
           {"bpf", "libc.syscall(321, 0, 0, 0)", "1"},
           {"io_uring_setup", "libc.syscall(425, 1, 0)", "38"},
           {"keyctl", "libc.syscall(250, 0, 0, 0, 0, 0)", "1"},
           {"add_key", "libc.syscall(248, 0, 0, 0, 0, 0)", "1"},
           {"perf_event_open", "libc.syscall(298, 0, 0, 0, 0, 0)", "1"},
           {"userfaultfd", "libc.syscall(323, 0)", "1"},
           {"open_by_handle_at", "libc.syscall(304, 0, 0, 0)", "1"},
           {"pidfd_getfd", "libc.syscall(438, 0, 0, 0)", "1"},
           {"process_vm_readv", "libc.syscall(310, 1, 0, 0, 0, 0, 0)", "1"},
           {"kcmp", "libc.syscall(312, 1, 1, 0, 0, 0)", "1"},
           {"quotactl", "libc.syscall(179, 0, 0, 0, 0)", "1"},
           {"swapon", "libc.syscall(167, 0, 0)", "1"},
           {"init_module", "libc.syscall(175, 0, 0, 0)", "1"},
           {"reboot", "libc.syscall(169, 0, 0, 0, 0)", "1"},
           {"syslog", "libc.syscall(103, 3, 0, 0)", "1"},
           {"clock_settime", "libc.syscall(227, 0, 0)", "1"},
           {"chroot", "libc.chroot(b'/tmp')", "1"},
           {"sethostname", "libc.sethostname(b'x', 1)", "1"},
           {"mbind", "libc.syscall(237, 0, 0, 0, 0, 0, 0)", "1"},
           {"socket of a family with high bits",
            "libc.syscall(41, ctypes.c_ulong((1 << 32) + 16), "
            "3, 0)",
            "97"},
           {"socketpair of another family", "libc.syscall(53, 40, 1, 0, 0)", "97"},
           {"personality of readable pages that run", "libc.personality(ctypes.c_ulong(0x400000))",
            "1"},
           {"personality with high bits", "libc.syscall(135, ctypes.c_ulong(0x100400000))", "1"},
           {"personality of a page at zero", "libc.personality(ctypes.c_ulong(0x80100000))", "1"},
           {"TIOCSETD", "libc.ioctl(0, 0x5423, b'x')", "1"},
           {"TIOCSTI", "libc.ioctl(0, 0x5412, b'x')", "1"},
           {"TIOCSTI with high bits", "libc.ioctl(0, ctypes.c_ulong(0x100005412), b'x')", "1"}}) {
#if !defined(__x86_64__)
    GTEST_SKIP() << "the numbers of system calls above are those of x86-64";
#endif
    const ExecResult result =
        Attack(Cat("import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n", "print(", c.python,
                   ", ctypes.get_errno())"));
    EXPECT_EQ(result.output, Cat("-1 ", c.want, "\n")) << c.name;
  }
}

TEST_F(SandboxTest, EndsWhoCallsByAnotherTable) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "the numbers of system calls here are those of x86-64";
#endif
  const std::string calls =
      "import ctypes, mmap\nlibc = ctypes.CDLL(None)\n"
      "def run(code):\n  m = mmap.mmap(-1, 4096, prot=7)\n  m.write(code)\n"
      "  ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()\n";
  // Code of one's own runs, and getpid by the usual table is answered.
  EXPECT_EQ(Attack(calls + "run(b'\\xb8\\x27\\0\\0\\0\\x0f\\x05\\xc3'); print('ran')").output,
            "ran\n");
  // getpid of 32 bits (20, by int 0x80), then of x32.
  EXPECT_EQ(Attack(calls + "run(b'\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3'); print('ran')").exit_code,
            159);
  EXPECT_EQ(Attack(calls + "libc.syscall(0x40000000 + 39); print('ran')").exit_code, 159);
}

TEST_F(SandboxTest, MayAskForItsPersonalityAndGiveUpChance) {
  // Whatever the one of this process is: setarch may have set it for the tests.
  EXPECT_EQ(Attack("import ctypes\nlibc = ctypes.CDLL(None)\n"
                   "own = libc.personality(ctypes.c_ulong(0xffffffff))\n"
                   "print(own >= 0, libc.personality(ctypes.c_ulong(0x40000)) == own)")
                .output,
            "True True\n");
}

TEST_F(SandboxTest, SeesNothingOfTheDaemonsProcess) {
  ASSERT_EQ(setenv("REGREEN_TEST_SECRET", "hunter2-hunter2", 1), 0);
  const ExecResult result =
      Run("for f in /proc/[0-9]*; do tr '\\0' ' ' < $f/environ; tr '\\0' ' ' < $f/cmdline; "
          "done; ls -l /proc/[0-9]*/fd 2>/dev/null || true");
  unsetenv("REGREEN_TEST_SECRET");
  EXPECT_THAT(result.output, HasSubstr("HOME=/home/regreen")) << "it sees its own";
  EXPECT_THAT(result.output, Not(HasSubstr("hunter2")));
  EXPECT_THAT(result.output, Not(HasSubstr(options_.directory)));
  EXPECT_THAT(result.output, Not(HasSubstr("bwrap")));
  EXPECT_THAT(result.output, Not(HasSubstr("unit_workspace")));
  EXPECT_EQ(Run("ls /proc/self/fd").output, "0\n1\n2\n3\n") << "3 is the folder that ls reads";
}

TEST_F(SandboxTest, SeesNoFileOfTheHostBesidesTheSystem) {
  const std::string outside = git_.NewFolder("outside");
  std::ofstream(outside + "/secret") << "s";
  EXPECT_NE(Run(Cat("cat ", outside, "/secret")).exit_code, 0);
  EXPECT_NE(Run(Cat("ls ", options_.directory)).exit_code, 0);
  for (const char* path :
       {"/etc/shadow", "/etc/ssh", "/etc/machine-id", "/root/.bashrc", "/var/lib", "/boot",
        "/sys/kernel", "/run/systemd", "/etc/hostname", "/proc/1/root/root/.bashrc"}) {
    EXPECT_NE(Run(Cat("test -e ", path)).exit_code, 0) << path;
  }
  EXPECT_EQ(Run("id -un; id -u; id -g; hostname").output, "regreen\n1000\n1000\nregreen\n");
  EXPECT_THAT(Run("grep -c . /etc/passwd").output, "3\n");
}

TEST_F(SandboxTest, WritesNowhereButTreeHomeAndTemporaryFolders) {
  for (const char* path : {"/usr/x", "/usr/bin/x", "/etc/x", "/x", "/dev/x", "/regreen/objects/0/x",
                           "/regreen/x", "/etc/passwd", "/proc/self/comm"}) {
    EXPECT_NE(Run(Cat("echo x > ", path)).exit_code, 0) << path;
  }
  // Opened and not written: were they open to us, a write would harm this machine.
  for (const char* path :
       {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger"}) {
    EXPECT_EQ(Attack(Cat("import os; os.open('", path, "', os.O_WRONLY)")).exit_code, 1) << path;
  }
  for (const char* path :
       {"/tmp/x", "/dev/shm/x", "/regreen/tree/x", "/home/regreen/x", "/dev/null"}) {
    const ExecResult result = Run(Cat("echo x > ", path));
    EXPECT_EQ(result.exit_code, 0) << path << result.output;
  }
  EXPECT_EQ(Run("test ! -e /tmp/x").exit_code, 0) << "/tmp is of one command";
}

TEST_F(SandboxTest, CannotChangeTheMirror) {
  EXPECT_EQ(Run("ls /regreen/objects/0").exit_code, 0);
  EXPECT_NE(Run("rm -rf /regreen/objects/0/*; chmod -R 777 /regreen/objects").exit_code, 0);
  EXPECT_EQ(git_.GitIn(mirror_, {"fsck", "--no-dangling"}), "");
}

TEST_F(SandboxTest, HasNoPrivilegeToGain) {
  EXPECT_THAT(
      Run("grep -E 'CapEff|CapBnd|CapPrm|NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\\t'")
          .output,
      "CapPrm:0000000000000000\nCapEff:0000000000000000\nCapBnd:0000000000000000\n"
      "NoNewPrivs:1\nSeccomp:2\n");
}

TEST_F(SandboxTest, EndsADaemonThatDetachedItself) {
  const std::string mark = Cat("6", getpid(), ".25");
  EXPECT_EQ(Run(Cat("(setsid sh -c 'setsid sleep ", mark, " </dev/null >/dev/null 2>&1 &' &) ; ",
                    "until grep -qs ", mark, " /proc/[0-9]*/cmdline; do :; done"))
                .exit_code,
            0);
  EXPECT_NE(Run(Cat("grep -s \"^sleep.\" /proc/[0-9]*/cmdline")).exit_code, 0);
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(line.find(mark), std::string::npos) << entry.path();
  }
}

TEST_F(SandboxTest, ShowsTheFoldersThatTheConfigNames) {
  const std::string tools = git_.NewFolder("tools");
  ASSERT_TRUE(WriteFileAtomic(tools + "/tool-x", "#!/bin/sh\necho from the tool\n", 0755).ok());
  options_.read_only_paths = {tools};
  options_.path = {tools};
  Reopen();
  EXPECT_EQ(Run("tool-x").output, "from the tool\n");
  EXPECT_NE(Run(Cat("echo x > ", tools, "/new")).exit_code, 0);
}

TEST_F(SandboxTest, LimitsFilesAndDumpsNoCore) {
  rlimit ours;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &ours), 0);
  EXPECT_EQ(Run("ulimit -c; ulimit -n").output,
            Cat("0\n", std::min<rlim_t>(65'536, ours.rlim_max), "\n"));
}

TEST(WorkspaceRegistry, SaysWhichKindsThereAre) {
  WorkspaceOptions options;
  options.directory = "/tmp/x";
  options.kind = "sandbx";
  const Status status = CreateWorkspaceFactory(options).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("did you mean \"sandbox\"?"));
}

TEST(WorkspaceRegistry, RefusesPathsThatOpenTooMuch) {
  for (const char* path : {"/", "relative", "/nonexistent/x", ""}) {
    WorkspaceOptions options;
    options.directory = "/tmp/x";
    options.read_only_paths = {path};
    EXPECT_EQ(CreateWorkspaceFactory(options).status().code(), StatusCode::kInvalidArgument)
        << path;
  }
}

TEST(WorkspaceRegistry, RefusesPathsThatTheSandboxWouldHide) {
  WorkspaceOptions options;
  options.directory = "/tmp/x";
  // Checked by its name, so the folder need not be made in the machine's root.
  for (const char* path : {"/regreen", "/regreen/tree/tools", "/home/regreen/bin"}) {
    options.read_only_paths = {path};
    const Status status = CreateWorkspaceFactory(options).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << path;
    EXPECT_THAT(Message(status), HasSubstr("which a sandbox has for itself")) << path;
  }
}

TEST(SandboxProbe, SaysWhatToInstallAndOpensNothing) {
  GitFixture git;
  WorkspaceOptions options;
  options.directory = git.NewFolder("workspaces");
  auto factory = CreateWorkspaceFactory(options);
  ASSERT_TRUE(factory.ok());
  const std::string path = std::getenv("PATH");
  ASSERT_EQ(setenv("PATH", git.NewFolder("empty").c_str(), 1), 0);
  const Status probe = (*factory)->Probe();
  const Status open = (*factory)->Open({"t", "/m", std::string(40, 'a'), nullptr}, {}).status();
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(probe.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(probe), HasSubstr("install the package bubblewrap"));
  EXPECT_EQ(open, probe);
}

TEST(SandboxProbe, FailsWhenWhatStartsIsNoSandbox) {
  GitFixture git;
  const std::string fake = git.NewFolder("fake");
  ASSERT_TRUE(
      WriteFileAtomic(fake + "/bwrap",
                      "#!/bin/sh\nif [ \"$1\" = --version ]; then echo bubblewrap 0.8.0; exit; fi\n"
                      "echo 'bwrap: No permissions to create new namespace' >&2; exit 1\n",
                      0755)
          .ok());
  WorkspaceOptions options;
  options.directory = git.NewFolder("workspaces");
  auto factory = CreateWorkspaceFactory(options);
  ASSERT_TRUE(factory.ok());
  const std::string path = std::getenv("PATH");
  ASSERT_EQ(setenv("PATH", fake.c_str(), 1), 0);
  const Status probe = (*factory)->Probe();
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(probe.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(probe), HasSubstr("No permissions to create new namespace"));
  EXPECT_THAT(Message(probe), HasSubstr(";")) << "and what to do about it";
}

}  // namespace
}  // namespace regreen
