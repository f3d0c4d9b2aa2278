// The one way out of the sandbox, tried from inside with everything that should not work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>

#include "adapters/workspace/registry.h"
#include "daemon/base/http.h"
#include "tests/support/git_fixture.h"
#include "tests/support/paths.h"
#include "tests/unit/workspace/inner_client.h"

namespace regreen {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// What the attempts below share.
constexpr char kPython[] = R"(
import http.client, os, socket, sys
PROXY = ("127.0.0.1", 47128)
def raw(text, where=PROXY):
    try:
        s = socket.create_connection(where, timeout=20)
        s.sendall(text)
        out = b""
        while True:
            piece = s.recv(65536)
            if not piece: return out
            out += piece
    except OSError as error:
        return b"failed " + str(error).encode()
def connect(target):
    return raw(b"CONNECT " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n").split(b"\r\n")[0].decode()
def fetch(host, port, path):
    c = http.client.HTTPConnection(*PROXY, timeout=20)
    c.set_tunnel(host, port)
    c.request("GET", path)
    return c.getresponse().read()
)";

class SandboxNetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    HttpServerOptions serving;
    auto server = HttpServer::Start(serving, [this](HttpRequest& request) {
      ++served_;
      HttpResponse answer;
      answer.content_type = "application/octet-stream";
      answer.body = request.path == "/widget.tgz" ? std::string(300'000, 'w') : "no such package";
      return answer;
    });
    ASSERT_TRUE(server.ok()) << server.status();
    registry_ = *std::move(server);
    options_.directory = git_.NewFolder("workspaces");
    options_.forwarder = ForwardChild();
    EgressSet& packages = options_.networks["packages"];
    packages.allow = {Cat("localhost:", registry_->port())};
    packages.allow_private = true;
    packages.max_connections = 8;
    git_.Write("a.txt", "one\n");
    base_ = git_.Commit("base");
    mirror_ = git_.CloneBare();
  }
  // Skips where there is no sandbox.
  void Open(std::vector<std::string> network) {
    auto factory = CreateWorkspaceFactory(options_);
    ASSERT_TRUE(factory.ok()) << factory.status();
    factory_ = *std::move(factory);
    if (const Status probe = factory_->Probe(); !probe.ok()) {
      GTEST_SKIP() << "this machine cannot open a sandbox: " << Message(probe);
    }
    WorkspaceSpec spec{"task", mirror_, base_, nullptr};
    spec.network = std::move(network);
    spec.on_network = [this](const std::string& lines) { notes_ += lines; };
    auto workspace = factory_->Open(spec, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    workspace_ = *std::move(workspace);
  }
  ExecResult Run(const std::string& command) {
    ExecSpec spec;
    spec.command = command;
    spec.timeout = absl::Minutes(2);
    auto result = workspace_->Exec(spec, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : ExecResult{};
  }
  ExecResult Python(const std::string& program) {
    return Run(Cat("python3 - <<'END'\nPORT = ", registry_->port(), kPython, program, "\nEND"));
  }
  std::string SocketOutside() const {
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      const std::string path = entry.path().string() + "/egress/socket";
      if (std::filesystem::exists(path)) return path;
    }
    return "";
  }

  GitFixture git_;
  WorkspaceOptions options_;
  std::atomic<int> served_ = 0;
  std::unique_ptr<HttpServer> registry_;
  std::unique_ptr<WorkspaceFactory> factory_;
  std::string base_, mirror_, notes_;
  std::unique_ptr<Workspace> workspace_;
};

TEST_F(SandboxNetworkTest, FetchesAPackageThroughItsSet) {
  Open({"packages"});
  if (IsSkipped()) return;
  const ExecResult result = Python(R"(
body = fetch("localhost", PORT, "/widget.tgz")
print(len(body), body == b"w" * 300000, os.environ["HTTPS_PROXY"])
)");
  EXPECT_EQ(result.output, "300000 True http://127.0.0.1:47128\n");
  EXPECT_EQ(served_, 1);
  EXPECT_THAT(notes_, HasSubstr(Cat("packages: CONNECT localhost:", registry_->port(), " ended")));
}

TEST_F(SandboxNetworkTest, LetsAnOrdinaryClientUseIt) {
  Open({"packages"});
  if (IsSkipped()) return;
  if (Run("command -v curl").exit_code != 0) GTEST_SKIP() << "there is no curl here";
  const ExecResult result = Run(
      Cat("env -u NO_PROXY -u no_proxy curl -sS --proxytunnel http://localhost:", registry_->port(),
          "/widget.tgz | wc -c"));
  EXPECT_EQ(result.output, "300000\n");
}

TEST_F(SandboxNetworkTest, LetsACommandSayGoodbyeWhenItIsEnded) {
  Open({"packages"});
  if (IsSkipped()) return;
  ExecSpec spec;
  spec.command = "trap 'echo bye; exit 0' INT; echo ready; while :; do sleep 0.02; done";
  spec.timeout = absl::Seconds(3);  // a sanitized forwarder takes most of a second to start
  spec.grace = absl::Seconds(20);
  const auto result = workspace_->Exec(spec, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output, "ready\nbye\n") << "what forwards for it does not end before it";
  EXPECT_LT(result->wall, absl::Seconds(10));
}

TEST_F(SandboxNetworkTest, ReachesNothingElse) {
  Open({"packages"});
  if (IsSkipped()) return;
  const ExecResult result = Python(R"(
for target in [b"github.com:443", b"api.github.com:443", b"127.0.0.1:%d" % PORT, b"[::1]:%d" % PORT,
               b"localhost:1", b"localhost.evil.example:%d" % PORT, b"a.localhost:%d" % PORT,
               b"169.254.169.254:80", b"metadata.google.internal:80", b"10.0.0.1:%d" % PORT,
               b"x@localhost:%d" % PORT, b"localhost%%00:%d" % PORT, b"localhost\0:%d" % PORT]:
    line = connect(target)
    if not line.startswith("HTTP/1.1 40"): print("CONNECT", target, line)
for request in [b"GET http://localhost:%d/widget.tgz HTTP/1.1\r\nHost: a\r\n\r\n" % PORT,
                b"GET /packages/widget.tgz HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n",
                b"CONNECT localhost:%d HTTP/0.9\r\n\r\n" % PORT,
                b"CONNECT localhost:%d\nHost: a\r\n\r\n" % PORT]:
    answer = raw(request)
    if not answer.startswith(b"HTTP/1.1 40"): print(request, answer)
for where in [("127.0.0.1", PORT), ("localhost", PORT), ("1.1.1.1", 443), ("8.8.8.8", 53)]:
    answer = raw(b"GET /widget.tgz HTTP/1.1\r\nHost: a\r\n\r\n", where)
    if not answer.startswith(b"failed"): print(where, answer)
try:
    print("resolved", socket.getaddrinfo("example.com", 443))
except OSError:
    pass
try:
    os.remove("/regreen/egress"); print("removed the socket")
except OSError:
    pass
try:
    open("/regreen/forward", "ab"); print("opened the program to write")
except OSError:
    pass
print(sorted(os.listdir("/regreen")))
)");
  EXPECT_EQ(result.output, "['egress', 'forward', 'objects', 'tree']\n");
  EXPECT_EQ(served_, 0);
  EXPECT_THAT(notes_, HasSubstr("refused: CONNECT github.com:443"));
}

TEST_F(SandboxNetworkTest, SurvivesAThousandConnections) {
  Open({"packages"});
  if (IsSkipped()) return;
  const ExecResult result = Python(R"(
held = []
for i in range(1000):
    s = socket.create_connection(PROXY, timeout=60)
    s.sendall(b"CONNECT localhost:%d HTTP/1.1\r\nHost: a\r\n\r\n" % PORT)
    held.append(s)
answers = [s.recv(12) for s in held]
print(len(answers), answers.count(b"HTTP/1.1 200") >= 8,
      sorted(set(answers) - {b"HTTP/1.1 200", b"HTTP/1.1 503"}))
for s in held: s.close()
for attempt in range(1000):
    try:
        print(len(fetch("localhost", PORT, "/widget.tgz")))
        break
    except OSError:
        pass
)");
  EXPECT_EQ(result.output, "1000 True [b'HTTP/1.1 429']\n300000\n");
}

TEST_F(SandboxNetworkTest, HasNoSocketWhereNothingIsAskedFor) {
  Open({});
  if (IsSkipped()) return;
  const ExecResult result = Python(R"(
print(os.path.exists("/regreen/egress"), os.path.exists("/regreen/forward"), "HTTPS_PROXY" in os.environ)
print(raw(b"x").startswith(b"failed"))
)");
  EXPECT_EQ(result.output, "False False False\nTrue\n");
  EXPECT_EQ(SocketOutside(), "");
}

TEST_F(SandboxNetworkTest, EndsWithItsWorkspace) {
  Open({"packages"});
  if (IsSkipped()) return;
  const std::string path = SocketOutside();
  ASSERT_THAT(path, Not(IsEmpty()));
  const auto folder = std::filesystem::status(std::filesystem::path(path).parent_path());
  EXPECT_EQ(folder.permissions() & std::filesystem::perms::mask, std::filesystem::perms::owner_all);
  InnerClient before(path);
  ASSERT_TRUE(before.connected());
  workspace_.reset();
  EXPECT_EQ(before.Read(), "");
  EXPECT_FALSE(InnerClient(path).connected());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SandboxNetworkTest, RunsCommandsAsWithoutIt) {
  Open({"packages"});
  if (IsSkipped()) return;
  EXPECT_EQ(Run("exit 7").exit_code, 7);
  EXPECT_EQ(Run("kill -9 $$").exit_code, 137);
  EXPECT_EQ(Run("no-such-program").exit_code, 127);
  ExecSpec spec;
  spec.command = "cat; sleep 1000 & echo \" $*\"";
  spec.input = "from its input";
  const auto result = workspace_->Exec(spec, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output, "from its input \n") << "and what it left running has ended";
  spec.command = "sleep 1000";
  spec.timeout = absl::Milliseconds(200);
  const auto late = workspace_->Exec(spec, {});
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_TRUE(late->timed_out);
}

TEST_F(SandboxNetworkTest, CallsItsModelWithAKeyThatItNeverSees) {
  std::mutex mutex;
  std::string seen;
  OpenServer model([&](int fd) {
    const std::string head = ReadUntil(fd, "}");
    const std::lock_guard lock(mutex);
    seen = head;
    SendAll(fd,
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
            "data: {\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}\n\n");
  });
  EgressSet& set = options_.networks["claude"];
  set.kind = "model";
  set.upstream = model.url();
  set.paths = {"POST /v1/messages"};
  set.key = Secret("the-real-key-of-the-model");
  set.key_header = "x-api-key";
  set.env = {{"ANTHROPIC_BASE_URL", "{url}"}, {"ANTHROPIC_API_KEY", "inner"}};
  Open({"claude"});
  if (IsSkipped()) return;
  const ExecResult result = Python(R"(
import urllib.request
base = os.environ["ANTHROPIC_BASE_URL"]
def call(path, method="POST"):
    r = urllib.request.Request(base + path, data=b"{}", method=method,
                               headers={"x-api-key": os.environ["ANTHROPIC_API_KEY"]})
    try:
        return urllib.request.urlopen(r).read().decode().strip()
    except urllib.error.HTTPError as error:
        return error.code
print(call("/v1/messages"))
print(call("/v1/files"), call("/v1/messages", "GET"), call("/../claude/v1/files"))
)");
  EXPECT_EQ(result.output,
            "data: {\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}\n403 403 403\n");
  EXPECT_THAT(Run("env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'").output,
              Not(HasSubstr("the-real-key")));
  const std::lock_guard lock(mutex);
  EXPECT_THAT(seen, HasSubstr("x-api-key: the-real-key-of-the-model\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("inner")));
  EXPECT_THAT(notes_, HasSubstr("POST /claude/v1/messages answered 200"));
  EXPECT_THAT(notes_, HasSubstr("7 tokens"));
}

TEST_F(SandboxNetworkTest, AForksCodeGetsOnlyWhatIsForForks) {
  options_.networks["forks"] = options_.networks["packages"];
  options_.networks["forks"].forks = true;
  Open({});
  if (IsSkipped()) return;
  WorkspaceSpec spec{"task", mirror_, base_, nullptr};
  spec.of_fork = true;
  spec.network = {"forks"};
  EXPECT_TRUE(factory_->Open(spec, {}).ok());
  spec.network = {"forks", "packages"};
  const auto workspace = factory_->Open(spec, {});
  EXPECT_EQ(workspace.status().code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(Message(workspace.status()), HasSubstr("\"packages\" is not for a fork's code"));
}

TEST_F(SandboxNetworkTest, OpensNoWorkspaceWithANetworkThatIsNotConfigured) {
  Open({});
  if (IsSkipped()) return;
  WorkspaceSpec spec{"task", mirror_, base_, nullptr};
  spec.network = {"pakages"};
  const auto workspace = factory_->Open(spec, {});
  EXPECT_EQ(workspace.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(workspace.status()), HasSubstr("no network called \"pakages\""));
}

}  // namespace
}  // namespace regreen
