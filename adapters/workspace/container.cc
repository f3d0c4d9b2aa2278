#include "adapters/workspace/container.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "adapters/workspace/broker.h"
#include "adapters/workspace/forwarder.h"
#include "adapters/workspace/kinds.h"
#include "daemon/base/file.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Below /run, which every root file system has and which is a memory file system of the container's
// own: a place to mount is made there also where the rest is read-only.
constexpr char kTreeInside[] = "/run/work";
constexpr char kSocketInside[] = "/run/regreen-egress";
constexpr char kProgramInside[] = "/run/regreen-forward";
// Far above what systems give to people and services. Of root's podman, whose own root it must not
// be; without root the user's own range is used.
constexpr int kFirstId = 1'879'048'192;
constexpr int kUserOfRootsDocker = 1000;
constexpr int kDefaultCpu = 2;
constexpr std::int64_t kDefaultMemory = std::int64_t{4} << 30;
constexpr absl::Duration kCreateTimeout = absl::Minutes(10);  // an image may have to be fetched
constexpr absl::Duration kShortTimeout = absl::Minutes(2);

// The first process takes in those whose parents ended, so that none stays as a zombie.
constexpr char kFirstProcess[] = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait; done";

class ContainerEngine final : public RemoteEngine {
 public:
  ContainerEngine(const WorkspaceOptions& options, std::string program)
      : options_(options.container),
        workspace_(options),
        program_(std::move(program)),
        podman_(program_.find("docker") == std::string::npos) {}

  RemoteTraits traits() const override { return {kTreeInside, true, {"*"}, workspace_.path}; }
  Status Probe() override { return List("regreen-").status(); }

  StatusOr<RemoteMachine> Create(const RemoteRequest& request, std::stop_token stop) override {
    RemoteMachine machine;
    std::string socket;
    if (!request.spec->network.empty()) {
      ASSIGN_OR_RETURN(const std::shared_ptr<Broker> broker, OpenBroker(request));
      socket = broker->socket();
      machine.env = broker->Environment();
      machine.wrap = {kProgramInside, kForwarderCommand, kSocketInside,
                      std::to_string(kForwarderPort)};
      machine.take_notes = [notes = broker.get()] { return notes->TakeNotes(); };
      machine.held = broker;
    }
    const std::string data = Cat(workspace_.directory, "/", request.name, "/data");
    RETURN_IF_ERROR(MakeDirectories(data, 0700));
    RETURN_IF_ERROR(GiveAway(data));
    RETURN_IF_ERROR(Must(RunWords(request.name, data, socket), kCreateTimeout, stop).status());
    return machine;
  }

  LocalCommand Command(const std::string& name,
                       const std::vector<std::string>& words) const override {
    LocalCommand command = Client({"exec", "--interactive", name});
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    return command;
  }
  LocalCommand Attach(const std::string& name) const override {
    return Client({"exec", "--interactive", "--tty", "--workdir",
                   Cat(kTreeInside, "/", name, "/tree"), name, "/bin/sh"});
  }
  Status Destroy(const std::string& name) override {
    const Status status = Must({"rm", "--force", "--volumes", name}, kShortTimeout, {}).status();
    if (status.ok()) return status;
    ASSIGN_OR_RETURN(const std::vector<std::string> left, List(name));
    return std::find(left.begin(), left.end(), name) == left.end() ? OkStatus() : status;
  }
  StatusOr<std::vector<std::string>> List(const std::string& prefix) override {
    ASSIGN_OR_RETURN(const ProcessResult result,
                     Must({"ps", "--all", "--filter", "label=regreen", "--format", "{{.Names}}"},
                          kShortTimeout, {}));
    std::vector<std::string> names;
    for (const std::string_view line : SplitLines(result.out)) {
      if (Trim(line).starts_with(prefix)) names.emplace_back(Trim(line));
    }
    return names;
  }

 private:
  LocalCommand Client(const std::vector<std::string>& words) const {
    LocalCommand command{
        {program_},
        ClientEnvironment({"DOCKER_HOST", "DOCKER_CONFIG", "CONTAINER_HOST", "CONTAINERS_CONF"})};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    return command;
  }

  // What the container's user may write to. Reached only by the bind: our own folder is ours alone.
  Status GiveAway(const std::string& path) const {
    if (geteuid() != 0) return OkStatus();
    const auto id = static_cast<uid_t>(podman_ ? kFirstId : kUserOfRootsDocker);
    if (lchown(path.c_str(), id, id) == 0) return OkStatus();
    return ErrnoStatus(errno, Cat("cannot give ", path, " to the container's user"));
  }

  StatusOr<std::shared_ptr<Broker>> OpenBroker(const RemoteRequest& request) const {
    BrokerOptions broker;
    broker.folder = Cat(workspace_.directory, "/", request.name, "/egress");
    broker.ca_file = workspace_.ca_file;
    for (const std::string& name : request.spec->network) {
      const auto found = workspace_.networks.find(name);
      if (found == workspace_.networks.end())
        return InvalidArgument(
            Cat("there is no network called \"", EscapeControl(name), "\" in the configuration"));
      broker.sets.insert(*found);
    }
    ASSIGN_OR_RETURN(std::shared_ptr<Broker> started, Broker::Start(std::move(broker)));
    RETURN_IF_ERROR(GiveAway(started->socket()));
    return started;
  }

  // Whose root it is: nobody's outside.
  std::vector<std::string> UserWords() const {
    if (podman_ && geteuid() == 0) {
      const std::string map = Cat("0:", kFirstId, ":65536");
      return {"--uidmap", map, "--gidmap", map};
    }
    if (podman_) return {};  // without root podman makes a user namespace anyway
    const int user = geteuid() == 0 ? kUserOfRootsDocker : static_cast<int>(geteuid());
    const int group = geteuid() == 0 ? kUserOfRootsDocker : static_cast<int>(getegid());
    return {"--user", Cat(user, ":", group)};
  }

  std::vector<std::string> RunWords(const std::string& name, const std::string& data,
                                    const std::string& socket) const {
    const std::string memory =
        std::to_string(options_.memory_bytes > 0 ? options_.memory_bytes : kDefaultMemory);
    std::vector<std::string> words = {"run",
                                      "--detach",
                                      "--name",
                                      name,
                                      "--label",
                                      "regreen",
                                      "--hostname",
                                      "regreen",
                                      "--network",
                                      "none",
                                      "--read-only",
                                      "--cap-drop",
                                      "ALL",
                                      "--security-opt",
                                      "no-new-privileges",
                                      "--log-driver",
                                      "none",
                                      "--pids-limit",
                                      std::to_string(options_.processes),
                                      "--memory",
                                      memory,
                                      "--memory-swap",
                                      memory,
                                      "--cpus",
                                      std::to_string(options_.cpu > 0 ? options_.cpu : kDefaultCpu),
                                      "--ulimit",
                                      "nofile=65536:65536",
                                      "--ulimit",
                                      "core=0:0",
                                      "--tmpfs",
                                      "/tmp:rw,exec,nosuid,nodev,mode=1777",
                                      "--tmpfs",
                                      "/run:rw,nosuid,nodev,mode=0755",
                                      "--volume",
                                      Cat(data, ":", kTreeInside, ":rw")};
    for (std::string& word : UserWords()) words.push_back(std::move(word));
    if (!socket.empty()) {
      for (const auto& [ours, inside] : {std::pair(socket, kSocketInside),
                                         std::pair(workspace_.static_forwarder, kProgramInside)}) {
        words.insert(words.end(), {"--volume", Cat(ours, ":", inside, ":ro")});
      }
    }
    words.insert(words.end(), options_.options.begin(), options_.options.end());
    words.insert(words.end(), {"--entrypoint", "/bin/sh"});
    if (options_.image.empty()) words.emplace_back("--rootfs");
    words.push_back(options_.image.empty() ? options_.rootfs : options_.image);
    words.insert(words.end(), {"-c", kFirstProcess});
    return words;
  }

  // Unavailable when it fails: the engine may be away for a while, or have no room for another.
  StatusOr<ProcessResult> Must(const std::vector<std::string>& words, absl::Duration timeout,
                               std::stop_token stop) const {
    LocalCommand command = Client(words);
    ProcessSpec process;
    process.argv = std::move(command.argv);
    process.env = std::move(command.env);
    process.timeout = timeout;
    ASSIGN_OR_RETURN(ProcessResult result, RunProcess(process, std::move(stop)));
    if (result.timed_out)
      return Unavailable(Cat("`", program_, " ", words[0], "` was still running after ",
                             absl::FormatDuration(timeout)));
    if (result.exit_code == 0) return result;
    return Unavailable(Cat("`", program_, " ", words[0], "` ended with ", result.exit_code, ": ",
                           EscapeControl(Truncate(Trim(result.err), 400))));
  }

  const ContainerOptions options_;
  const WorkspaceOptions workspace_;
  const std::string program_;
  const bool podman_;
};

}  // namespace

StatusOr<std::unique_ptr<RemoteEngine>> NewContainerEngine(const WorkspaceOptions& options) {
  const ContainerOptions& container = options.container;
  if (container.image.empty() == container.rootfs.empty())
    return InvalidArgument("a container needs an `image` or a `rootfs`, and not both");
  if (container.image.starts_with('-') ||
      (!container.rootfs.empty() && !container.rootfs.starts_with('/'))) {
    return InvalidArgument("`image` must be the name of one, and `rootfs` an absolute path");
  }
  StatusOr<std::string> program = container.program;
  if (container.program.empty()) {
    program = FindProgram("podman");
    if (!program.ok() && container.rootfs.empty()) program = FindProgram("docker");
    if (!program.ok())
      return FailedPrecondition("containers need podman, or docker, in PATH; install podman");
  }
  if (!container.rootfs.empty() && program->find("docker") != std::string::npos)
    return InvalidArgument("docker takes no `rootfs`; give an `image`, or use podman");
  return std::make_unique<ContainerEngine>(options, *program);
}

StatusOr<std::unique_ptr<WorkspaceFactory>> NewContainerFactory(const WorkspaceOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<RemoteEngine> engine, NewContainerEngine(options));
  return NewRemoteFactory({options.directory, "the containers of the workspace"},
                          std::move(engine));
}

}  // namespace regreen
