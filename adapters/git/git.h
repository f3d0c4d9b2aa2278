// Mirror and Publisher by libgit2 (this folder owns it). Everything that touches the network runs
// in a child process (this program's own hidden command) that can be killed; credentials reach it
// by its standard input only.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/ports/repository.h"

namespace regreen {

struct GitOptions {
  std::string directory;      // holds one bare repository for each remote
  std::string child_program;  // argv of the child: {child_program, "internal-git"}
  std::string ca_file;        // empty: the system's certificates
  absl::Duration network_timeout = absl::Minutes(5);
};

std::unique_ptr<Mirror> NewGitMirror(GitOptions options);
std::unique_ptr<Publisher> NewGitPublisher(GitOptions options);
std::unique_ptr<Rebaser> NewGitRebaser();

// The child's side: one request on fd 0, one answer on fd 1; answers the exit code.
int RunGitChild();

}  // namespace regreen
