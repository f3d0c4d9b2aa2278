// What a container keeps its commands from, and the one way out that it has.
#include <unistd.h>

#include <atomic>

#include "daemon/base/http.h"
#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

using testing::HasSubstr;

ContractKind TheContainer() {
  for (const ContractKind& kind : ContractKinds())
    if (std::string_view(kind.name) == "container") return kind;
  return {};
}

class ContainerTest : public WorkspaceContract {};

TEST_P(ContainerTest, HoldsNoCapabilityAndIsNobodyOutside) {
  auto workspace = Open();
  const std::string status = Run(*workspace, "cat /proc/self/status").output;
  EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("CapBnd:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
  EXPECT_NE(Run(*workspace, "awk '{print $2}' /proc/self/uid_map").output, "0\n");
}

TEST_P(ContainerTest, WritesToItsOwnFoldersOnly) {
  auto workspace = Open();
  for (const char* path : {"/usr/x", "/etc/x", "/x", "/var/x"})
    EXPECT_NE(Run(*workspace, Cat("touch ", path)).exit_code, 0) << path;
  EXPECT_EQ(Run(*workspace, "touch x ~/x /tmp/x \"$TMPDIR/x\"").exit_code, 0);
}

TEST_P(ContainerTest, HasNoNetworkButItsOwnLoopback) {
  auto workspace = Open();
  EXPECT_EQ(Run(*workspace, "ls /sys/class/net").output, "lo\n");
  EXPECT_EQ(
      Run(*workspace, "ls /run/regreen-egress 2>/dev/null; env | grep -i proxy || true").output,
      "");
}

TEST_P(ContainerTest, EndsAlsoWhatLeftItsSessionAndItsEnvironment) {
  auto workspace = Open();
  const std::string mark = Cat("2", getpid(), ".25");
  EXPECT_EQ(Run(*workspace, Cat("env -i setsid -f sleep ", mark, " >/dev/null 2>&1")).exit_code, 0);
  EXPECT_EQ(Running(mark), 0);
}

TEST_P(ContainerTest, IsHeldToTheProcessesThatItMayHave) {
  if (geteuid() != 0 && access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0)
    GTEST_SKIP() << "without root podman holds limits by cgroup v2 alone";
  options_.limits.processes = 40;
  factory_ = *CreateWorkspaceFactory(options_);
  auto workspace = Open();
  const ExecResult result = Run(*workspace, R"(python3 -c '
import os, time
made = 0
try:
    while made < 100:
        if os.fork() == 0: time.sleep(60)
        made += 1
except BlockingIOError:
    print("refused after", made)
')");
  EXPECT_THAT(result.output, testing::StartsWith("refused after "));
  EXPECT_EQ(Run(*workspace, "echo again").output, "again\n") << "what came too many is gone";
}

TEST_P(ContainerTest, ReachesWhatItsSetAllowsAndNothingElse) {
  std::atomic<int> served = 0;
  auto registry = HttpServer::Start(HttpServerOptions(), [&](HttpRequest&) {
    ++served;
    HttpResponse answer;
    answer.body = std::string(300'000, 'w');
    return answer;
  });
  ASSERT_TRUE(registry.ok()) << registry.status();
  EgressSet& packages = options_.networks["packages"];
  packages.allow = {Cat("localhost:", (*registry)->port())};
  packages.allow_private = true;
  factory_ = *CreateWorkspaceFactory(options_);
  WorkspaceSpec spec{"task-1", mirror_, base_};
  spec.network = {"packages"};
  std::string notes;
  spec.on_network = [&](const std::string& lines) { notes += lines; };
  auto workspace = factory_->Open(spec, {});
  ASSERT_TRUE(workspace.ok()) << workspace.status();
  const ExecResult result = Run(
      **workspace, Cat("python3 - <<'END'\n", R"(
import os, socket
def ask(target, then):
    s = socket.create_connection(("127.0.0.1", 47128), timeout=20)
    s.sendall(b"CONNECT " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n" + then)
    out = b""
    while piece := s.recv(65536): out += piece
    return out
print(os.environ["HTTPS_PROXY"])
got = ask(b"localhost:)",
                       (*registry)->port(),
                       R"(", b"GET /widget.tgz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
print(got.count(b"w" * 300000))
print(ask(b"elsewhere.example:443", b"").split(b"\r\n")[0].decode())
)",
                       "END"));
  EXPECT_THAT(result.output, testing::StartsWith("http://127.0.0.1:47128\n1\n"));
  EXPECT_THAT(result.output, HasSubstr("403"));
  EXPECT_EQ(served, 1);
  EXPECT_THAT(notes, HasSubstr("elsewhere.example"));
}

TEST_P(ContainerTest, RunsNoForksCode) {
  WorkspaceSpec spec{"task-1", mirror_, base_};
  spec.of_fork = true;
  EXPECT_EQ(factory_->Open(spec, {}).status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(Leftovers(), 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ContainerTest, testing::Values(TheContainer()), KindName);

}  // namespace
}  // namespace regreen
