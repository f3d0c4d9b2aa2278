#include "adapters/workspace/probe.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "adapters/workspace/folder.h"
#include "adapters/workspace/machine.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// The network namespace, then its interfaces, one a line after two lines of heading.
constexpr char kLook[] = "readlink /proc/self/ns/net; cat /proc/net/dev";

std::string OwnNetwork() {
  std::array<char, PATH_MAX> name;
  const ssize_t size = readlink("/proc/self/ns/net", name.data(), name.size());
  return size < 0 ? "" : std::string(name.data(), static_cast<std::size_t>(size));
}

// The reasons that are known, by what this machine says of itself.
std::string Advice(const std::string& message) {
  const MachineFinding namespaces = LookAtUserNamespaces();
  if (namespaces.state != MachineFinding::State::kGood)
    return Cat(namespaces.says, "; ", namespaces.advice);
  if (message.find("proc") != std::string::npos) {
    return "/proc cannot be mounted, as in a container that masks parts of it; run the container "
           "with "
           "an unmasked /proc (`--security-opt systempaths=unconfined`)";
  }
  return "in a container, the engine's seccomp profile must allow user namespaces "
         "(`--security-opt seccomp=unconfined`)";
}

Status CheckNetwork(const std::string& output) {
  const std::vector<std::string_view> lines = SplitLines(output);
  const std::string own = OwnNetwork();
  bool isolated = lines.size() >= 3 && lines[0].starts_with("net:") && lines[0] != own;
  for (std::size_t i = 3; i < lines.size(); ++i) {
    if (!Trim(lines[i]).starts_with("lo:")) isolated = false;
  }
  if (isolated) return OkStatus();
  return FailedPrecondition("the sandbox starts, but it is not cut off from the network");
}

}  // namespace

Status ProbeSandbox(const Bubblewrap& bubblewrap, const std::string& directory) {
  ASSIGN_OR_RETURN(const WorkspaceFolder folder, WorkspaceFolder::Create(directory, "probe"));
  ExecSpec spec;
  spec.command = kLook;
  spec.timeout = absl::Seconds(30);
  auto result = bubblewrap.Run({folder.tree(), folder.home(), {}}, spec, {});
  if (!result.ok()) {
    if (result.status().code() != StatusCode::kFailedPrecondition) return result.status();
    const std::string message = Message(result.status());
    return FailedPrecondition(Cat(message, "; ", Advice(message)));
  }
  if (result->exit_code != 0) {
    return FailedPrecondition(Cat("a command in the sandbox ended with ", result->exit_code, ": ",
                                  EscapeControl(Truncate(Trim(result->output), 500))));
  }
  return CheckNetwork(result->output);
}

Status ProbeOverlay(const Bubblewrap& bubblewrap, const std::string& directory) {
  ASSIGN_OR_RETURN(const WorkspaceFolder folder, WorkspaceFolder::Create(directory, "probe"));
  const std::string lower = folder.tmp() + "/lower", upper = folder.tmp() + "/upper",
                    work = folder.tmp() + "/work";
  for (const std::string& path : {lower, upper, work}) RETURN_IF_ERROR(MakeDirectories(path));
  RETURN_IF_ERROR(WriteFileAtomic(lower + "/changed", "old\n"));
  RETURN_IF_ERROR(WriteFileAtomic(lower + "/hidden", "old\n"));
  // As a patch that removes a file is laid.
  if (mknod((upper + "/hidden").c_str(), S_IFCHR, makedev(0, 0)) != 0)
    return ErrnoStatus(errno, "a white-out cannot be made");
  ExecSpec spec;
  spec.command = "test ! -e hidden && cat changed && echo new >> changed";
  spec.timeout = absl::Seconds(30);
  ASSIGN_OR_RETURN(
      const ExecResult result,
      bubblewrap.Run(
          {folder.tree(), folder.home(), {}, OverlayMount{lower, upper, work, folder.tree()}}, spec,
          {}));
  if (result.exit_code != 0 || result.output != "old\n") {
    return FailedPrecondition(Cat("a command in an overlay ended with ", result.exit_code, ": ",
                                  EscapeControl(Truncate(Trim(result.output), 500))));
  }
  ASSIGN_OR_RETURN(const std::string changed, ReadFile(upper + "/changed", 64));
  if (changed == "old\nnew\n") return OkStatus();
  return FailedPrecondition("an overlay's upper folder does not hold what was changed");
}

}  // namespace regreen
