// The kind `container`: one for each workspace, by the command line of podman or docker on this
// machine, with no network but the broker's socket.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/workspace/remote.h"

namespace regreen {

struct WorkspaceOptions;

struct ContainerOptions {
  std::string program;               // "podman" or "docker", or a path of one; empty: what is there
  std::string image;                 // one of image and rootfs
  std::string rootfs;                // podman: a folder that is the root file system, read only
  std::vector<std::string> options;  // further words for `run`, such as --runtime=runc
};

// InvalidArgument says what cannot be.
Status CheckContainerOptions(const ContainerOptions& options);
// FailedPrecondition where there is no such program, InvalidArgument for options that cannot be.
StatusOr<std::unique_ptr<RemoteEngine>> NewContainerEngine(const WorkspaceOptions& options);

}  // namespace regreen
