#include "tests/support/ssh_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr char kProgram[] = "/usr/sbin/sshd";

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int FreePort() {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 0;
  }
  return ntohs(address.sin_port);
}

bool Answers(int port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Status MakeKey(const std::string& path) {
  ProcessSpec spec;
  spec.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path};
  ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(spec));
  return result.exit_code == 0 ? OkStatus() : FailedPrecondition(result.err);
}

}  // namespace

StatusOr<std::unique_ptr<SshServer>> SshServer::Start() {
  if (access(kProgram, X_OK) != 0)
    return FailedPrecondition("there is no sshd; install the package openssh-server");
  ASSIGN_OR_RETURN(TempDir made, TempDir::Create(testing::TempDir(), "sshd-"));
  std::unique_ptr<SshServer> server(new SshServer(std::move(made)));
  const std::string folder = server->folder_.path().string();
  RETURN_IF_ERROR(MakeKey(folder + "/host"));
  RETURN_IF_ERROR(MakeKey(folder + "/user"));
  // Where root's sshd keeps the process that a stranger talks to; the package's service makes it.
  if (geteuid() == 0) RETURN_IF_ERROR(MakeDirectories("/run/sshd"));
  server->port_ = FreePort();
  std::ofstream(folder + "/config")
      << "ListenAddress 127.0.0.1\nPort " << server->port_ << "\nHostKey " << folder
      << "/host\nAuthorizedKeysFile " << folder << "/user.pub\nPidFile none\nStrictModes no\n"
      << "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
      << "PermitRootLogin prohibit-password\nMaxStartups 100\n";
  std::string host_key;
  std::getline(std::ifstream(folder + "/host.pub") >> std::ws, host_key);
  std::ofstream(folder + "/known_hosts")
      << "[127.0.0.1]:" << server->port_ << " " << host_key << "\n";
  server->server_ = std::jthread([folder](const std::stop_token& stop) {
    ProcessSpec spec;
    spec.argv = {kProgram, "-D", "-e", "-f", folder + "/config"};
    spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
    spec.timeout = absl::Hours(1);
    static_cast<void>(RunProcess(spec, stop));
  });
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!Answers(server->port_)) {
    if (absl::Now() > deadline) return FailedPrecondition("sshd does not answer");
    std::this_thread::yield();
  }
  return server;
}

SshServer::~SshServer() {
  Stop();
}

void SshServer::Stop() {
  server_.request_stop();
  if (server_.joinable()) server_.join();
}

std::vector<std::string> SshServer::ClientOptions() const {
  const std::string folder = folder_.path().string();
  return {"-F", "/dev/null",
          "-p", std::to_string(port_),
          "-i", folder + "/user",
          "-o", "IdentitiesOnly=yes",
          "-o", "StrictHostKeyChecking=yes",
          "-o", Cat("UserKnownHostsFile=", folder, "/known_hosts")};
}

}  // namespace regreen
