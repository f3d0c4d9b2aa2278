#include "adapters/workspace/registry.h"

#include <filesystem>
#include <system_error>

#include "adapters/workspace/bubblewrap.h"
#include "adapters/workspace/kinds.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Kind {
  const char* name;
  StatusOr<std::unique_ptr<WorkspaceFactory>> (*make)(const WorkspaceOptions&);
};

template <std::unique_ptr<WorkspaceFactory> (*Make)(const WorkspaceOptions&)>
StatusOr<std::unique_ptr<WorkspaceFactory>> Made(const WorkspaceOptions& options) {
  return Make(options);
}

constexpr Kind kKinds[] = {
    {"sandbox", Made<NewSandboxFactory>},
    {"worktree", Made<NewWorktreeFactory>},
    {"exec", NewExecFactory},
    {"coder", NewCoderFactory},
};

Status CheckPaths(const WorkspaceOptions& options) {
  if (!options.directory.starts_with('/')) {
    return InvalidArgument("the directory of workspaces must be an absolute path");
  }
  // Our own mounts inside would hide what lies there.
  for (const std::string& path : options.read_only_paths) {
    for (const std::string_view own : {kOwnInside, kHomeInside}) {
      if (path != own && !path.starts_with(Cat(own, "/"))) continue;
      return InvalidArgument(Cat("the read-only path ", EscapeControl(path), " lies below ", own,
                                 ", which a sandbox has for itself; put it elsewhere"));
    }
  }
  for (const std::string& path : options.read_only_paths) {
    std::error_code error;
    if (!path.starts_with('/') || path == "/" || !std::filesystem::exists(path, error)) {
      return InvalidArgument(Cat("the read-only path ", EscapeControl(path),
                                 " of a workspace must be ",
                                 "absolute, exist, and not be the root"));
    }
  }
  for (const std::string& folder : options.path) {
    if (!folder.starts_with('/') || folder.find(':') != std::string::npos) {
      return InvalidArgument(Cat("the folder ", EscapeControl(folder),
                                 " cannot be put in PATH: it ",
                                 "must be absolute and hold no colon"));
    }
  }
  for (const auto& [name, set] : options.networks)
    RETURN_IF_ERROR(Annotate(CheckEgressSet(set), Cat("the network ", EscapeControl(name))));
  if (!options.networks.empty() && !options.forwarder.starts_with('/'))
    return InvalidArgument("workspaces with networks need the path of the forwarding program");
  return OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<WorkspaceFactory>> CreateWorkspaceFactory(
    const WorkspaceOptions& options) {
  for (const Kind& kind : kKinds) {
    if (options.kind != kind.name) continue;
    RETURN_IF_ERROR(CheckPaths(options));
    return kind.make(options);
  }
  const std::vector<std::string> names = WorkspaceKinds();
  return InvalidArgument(Cat("there is no kind of workspace called \"", EscapeControl(options.kind),
                             "\"", DidYouMean(options.kind, names), "; the kinds are ",
                             Join(names, ", ")));
}

std::vector<std::string> WorkspaceKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

}  // namespace regreen
