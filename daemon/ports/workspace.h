// A workspace is where untrusted code runs: a tree of files at a commit, a usable .git of its own,
// and nothing else. Destroying the object destroys the workspace and all that runs in it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/patch.h"

namespace regreen {

inline constexpr std::size_t kMostInput = 1 << 20;

struct ExecSpec {
  std::string command;    // for `sh -c`, with -e and pipefail where bash is there
  std::string directory;  // below the tree; "" is its root
  std::vector<std::pair<std::string, std::string>> env;  // added to the workspace's own
  std::string input;  // on its standard input; empty: none. InvalidArgument beyond kMostInput
  absl::Duration timeout = absl::Minutes(10);
  std::size_t max_output_bytes = 4 << 20;  // head and tail are kept
};

struct ExecResult {
  int exit_code = -1;  // 128 + signal when a signal ended it
  bool timed_out = false;
  bool output_truncated = false;
  std::string output;  // both streams in order; untrusted
  absl::Duration wall;
};

// One thread at a time.
class Workspace {
 public:
  virtual ~Workspace() = default;
  // A command that fails is a result, not an error. Nothing it started is alive when this returns.
  // Cancelled when `stop` asks.
  virtual StatusOr<ExecResult> Exec(const ExecSpec& spec, std::stop_token stop) = 0;
  // What differs from the commit that it was opened at, the patch that it was opened with included:
  // the difference is the combined one. Read by the trusted side. Files that the repository ignores
  // are left out. InvalidArgument when there is a thing that cannot be in a
  // patch.
  virtual StatusOr<Patch> Capture(std::stop_token stop) = 0;
};

struct WorkspaceSpec {
  std::string task_id;
  std::string repository;  // the bare mirror's folder, from Mirror
  std::string commit;
  const Patch* patch = nullptr;  // applied and committed on top when given
  // Names of egress sets that its commands may use, and no other way out. Each is counted for this
  // workspace. A kind without isolation has whatever the machine has.
  std::vector<std::string> network;
  // The code is of a fork, so anyone's. It lies upon nothing that other workspaces use, and gets no
  // egress set but those that are for forks. PermissionDenied by Open when this kind cannot promise
  // that, or another set is asked for.
  bool of_fork = false;
  // Told what was connected and refused while a command ran, one sentence a line, escaped. Called
  // by Exec, on its thread.
  std::function<void(const std::string& lines)> on_network;
};

// Opens workspaces of one kind. Any thread.
class WorkspaceFactory {
 public:
  virtual ~WorkspaceFactory() = default;
  // Whether this machine can isolate as this kind promises. FailedPrecondition says what is
  // missing; then Open fails with the same words: no fallback.
  virtual Status Probe() = 0;
  // InvalidArgument for a set that is not configured.
  virtual StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec,
                                                    std::stop_token stop) = 0;
  // Removes what a killed daemon left behind. Called once, before the first Open.
  virtual Status Reap() = 0;
};

}  // namespace regreen
