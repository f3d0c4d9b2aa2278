#include "adapters/workspace/container.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "adapters/workspace/asked.h"
#include "adapters/workspace/forwarder.h"
#include "adapters/workspace/kinds.h"
#include "daemon/base/file.h"
#include "daemon/base/log.h"
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
constexpr rlim_t kMostOfALimit = 16'384;
constexpr absl::Duration kCreateTimeout = absl::Minutes(10);  // an image may have to be fetched
constexpr absl::Duration kShortTimeout = absl::Minutes(2);

// The first process takes in those whose parents ended, so that none stays as a zombie.
constexpr char kFirstProcess[] = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait; done";

// Without a capability nothing is raised above what we have ourselves. Of processes this is all
// that its user has; those of one container are counted by themselves.
std::string AtMostOurs(const char* name, __rlimit_resource_t what) {
  rlimit ours;
  const rlim_t most =
      getrlimit(what, &ours) == 0 ? std::min(ours.rlim_max, kMostOfALimit) : kMostOfALimit;
  return Cat(name, "=", most, ":", most);
}

bool IsDocker(std::string_view program) {
  return program.substr(program.rfind('/') + 1).starts_with("docker");  // npos + 1 is 0
}

void Add(std::vector<std::string>& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

class ContainerEngine final : public RemoteEngine {
 public:
  ContainerEngine(const WorkspaceOptions& options, std::string program)
      : options_(options.container),
        workspace_(options),
        program_(std::move(program)),
        podman_(!IsDocker(program_)) {}

  RemoteTraits traits() const override { return {kTreeInside, true, {"*"}, workspace_.path}; }
  Status Probe() override {
    RETURN_IF_ERROR(List("regreen-").status());
    if (podman_ && geteuid() != 0) {
      const auto version =
          Must({"info", "--format", "{{.Host.CgroupsVersion}}"}, kShortTimeout, {});
      if (version.ok() && Trim(version->out) == "v1")
        LogWarning(
            "podman holds no limit of memory, processors or processes here: without root "
            "it needs cgroup v2");
    }
    return OkStatus();
  }

  StatusOr<RemoteMachine> Create(const RemoteRequest& request, std::stop_token stop) override {
    if (request.spec->of_fork)
      return PermissionDenied("a fork's code is run in a sandbox only: containers share more");
    RemoteMachine machine;
    std::string socket;
    ASSIGN_OR_RETURN(const std::shared_ptr<Broker> broker,
                     OpenBroker(workspace_, *request.spec,
                                Cat(workspace_.directory, "/", request.name, "/egress")));
    if (broker) {
      socket = broker->socket();
      RETURN_IF_ERROR(GiveAway(socket));
      machine.env = broker->Environment();
      machine.wrap = {kProgramInside, kForwarderCommand, kSocketInside,
                      std::to_string(kForwarderPort)};
      machine.take_notes = [broker] { return broker->TakeNotes(); };
      machine.usage = [broker] { return broker->Usage(); };
      machine.held = broker;
    }
    const std::string data = Cat(workspace_.directory, "/", request.name, "/data");
    RETURN_IF_ERROR(MakeDirectories(data, 0700));
    RETURN_IF_ERROR(GiveAway(data));
    RETURN_IF_ERROR(Must(RunWords(request, data, socket), kCreateTimeout, stop).status());
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

  std::vector<std::string> RunWords(const RemoteRequest& request, const std::string& data,
                                    const std::string& socket) const {
    std::vector<std::string> words = {"run", "--detach", "--name", request.name};
    Add(words, {"--label", "regreen", "--hostname", "regreen", "--log-driver", "none"});
    Add(words, {"--network", "none", "--read-only", "--cap-drop", "ALL"});
    Add(words, {"--security-opt", "no-new-privileges"});
    // podman would copy what the image has there, with owners that may be nobody's here.
    const char* empty = podman_ ? ",notmpcopyup" : "";
    Add(words, {"--tmpfs", Cat("/tmp:rw,exec,nosuid,nodev,mode=1777", empty)});
    Add(words, {"--tmpfs", Cat("/run:rw,nosuid,nodev,mode=0755", empty)});
    Add(words, {"--volume", Cat(data, ":", kTreeInside, ":rw")});
    for (std::string& word : UserWords()) words.push_back(std::move(word));
    for (std::string& word : LimitWords(Narrowed(workspace_.limits, request.spec->limits)))
      words.push_back(std::move(word));
    if (!socket.empty()) {
      Add(words, {"--volume", Cat(socket, ":", kSocketInside, ":ro")});
      Add(words, {"--volume", Cat(workspace_.forwarder, ":", kProgramInside, ":ro")});
    }
    words.insert(words.end(), options_.options.begin(), options_.options.end());
    Add(words, {"--entrypoint", "/bin/sh"});
    if (options_.image.empty()) words.emplace_back("--rootfs");
    words.push_back(options_.image.empty() ? options_.rootfs : options_.image);
    Add(words, {"-c", kFirstProcess});
    return words;
  }

  // Bytes and names in the tree are not counted: it is a folder of ours.
  static std::vector<std::string> LimitWords(const WorkspaceLimits& limits) {
    std::vector<std::string> words;
    Add(words, {"--ulimit", AtMostOurs("nofile", RLIMIT_NOFILE)});
    Add(words, {"--ulimit", AtMostOurs("nproc", RLIMIT_NPROC), "--ulimit", "core=0:0"});
    if (limits.file_bytes > 0) {
      const std::string bytes = std::to_string(limits.file_bytes);
      Add(words, {"--ulimit", Cat("fsize=", bytes, ":", bytes)});
    }
    if (limits.processes > 0) Add(words, {"--pids-limit", std::to_string(limits.processes)});
    if (limits.cpu > 0) Add(words, {"--cpus", std::to_string(limits.cpu)});
    if (limits.memory_bytes > 0) {  // and no swap beside it
      const std::string bytes = std::to_string(limits.memory_bytes);
      Add(words, {"--memory", bytes, "--memory-swap", bytes});
    }
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

Status CheckContainerOptions(const ContainerOptions& options) {
  if (options.image.empty() == options.rootfs.empty())
    return InvalidArgument("a container needs an `image` or a `rootfs`, and not both");
  if (options.image.starts_with('-'))
    return InvalidArgument("`image` must be the name of an image");
  if (options.rootfs.empty()) return OkStatus();
  if (!options.rootfs.starts_with('/') || options.rootfs == "/")
    return InvalidArgument("`rootfs` must be an absolute path, and not this machine's own root");
  if (IsDocker(options.program))
    return InvalidArgument("docker takes no `rootfs`; give an `image`, or use podman");
  return OkStatus();
}

StatusOr<std::unique_ptr<RemoteEngine>> NewContainerEngine(const WorkspaceOptions& options) {
  const ContainerOptions& container = options.container;
  RETURN_IF_ERROR(CheckContainerOptions(container));
  StatusOr<std::string> program = container.program;
  if (container.program.empty()) {
    program = FindProgram("podman");
    if (!program.ok() && container.rootfs.empty()) program = FindProgram("docker");
    if (!program.ok())
      return FailedPrecondition("containers need podman, or docker, in PATH; install podman");
  }
  return std::make_unique<ContainerEngine>(options, *program);
}

StatusOr<std::unique_ptr<WorkspaceFactory>> NewContainerFactory(const WorkspaceOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<RemoteEngine> engine, NewContainerEngine(options));
  return NewRemoteFactory({options.directory, "the containers of the workspace"},
                          std::move(engine));
}

}  // namespace regreen
