// Workspaces of a Coder server: made and deleted by its REST API (coder_workspaces.h), reached by
// its program, `coder ssh`. The workspace holds no credential of a forge: the source goes in and
// the patch comes out by that channel, as remote.h has it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "adapters/workspace/coder_template.h"
#include "adapters/workspace/coder_workspaces.h"
#include "adapters/workspace/remote.h"
#include "daemon/base/secret.h"

namespace regreen {

struct CoderOptions {
  std::string url;      // https://HOST; http to this machine alone
  Secret token;         // of a user of its own; never on a command line
  std::string ca_file;  // empty: the system's
  CoderChoice choice;
  absl::Duration ttl =
      absl::Hours(2);             // Coder stops one that was forgotten after it; 0: the template's
  std::string agent;              // name of the one for commands; empty: there is only one
  std::string program = "coder";  // a path, or looked up in our PATH
  std::string client;             // folder of the program's own files, made for its owner alone
  std::string folder = "~/regreen";         // where workspaces are, there
  std::vector<std::string> keep_env, path;  // as in RemoteTraits
  CoderTimes times;
};

// InvalidArgument with each mistake on a line of its own.
Status CheckCoderOptions(const CoderOptions& options);

std::unique_ptr<RemoteEngine> NewCoderEngine(CoderOptions options);

}  // namespace regreen
