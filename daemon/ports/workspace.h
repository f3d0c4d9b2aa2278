// A workspace is where untrusted code runs: a tree of files at a commit, a usable .git of its own,
// and nothing else. Destroying the object destroys the workspace and all that runs in it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/byte_sink.h"
#include "daemon/base/status.h"
#include "daemon/domain/patch.h"
#include "daemon/domain/usage.h"
#include "daemon/ports/workspace_limits.h"

namespace regreen {

inline constexpr std::size_t kMostInput = 1 << 20;

// The standard input of a command that is spoken with.
using ExecInput = ByteSink;

struct ExecSpec {
  std::string command;    // for `sh -c`, with -e and pipefail where bash is there
  std::string directory;  // below the tree; "" is its root
  std::vector<std::pair<std::string, std::string>> env;  // added to the workspace's own
  std::string input;  // on its standard input; empty: none. InvalidArgument beyond kMostInput
  absl::Duration timeout = absl::Minutes(10);
  std::size_t max_output_bytes = 4 << 20;  // head and tail are kept
  // Ended as at the timeout when it prints nothing for so long.
  absl::Duration silence = absl::InfiniteDuration();
  // How the command is ended when we end it (timeout, silence, `stop`): SIGINT to all that it
  // runs; when it is still there after `grace`, SIGTERM; after `grace` again, SIGKILL. What it
  // prints meanwhile is taken. Zero: SIGKILL at once.
  absl::Duration grace = absl::ZeroDuration();
  // ProcessSpec::terminal of a person who works inside; nothing is taken of what it prints. -1:
  // none. InvalidArgument for a kind that is not on this machine.
  int terminal = -1;
  // Called on Exec's thread with each piece of output as it comes, before it is capped; may be
  // empty.
  std::function<void(std::string_view)> on_output;
  // A command that is spoken with: its standard input stays open (`input` is not used). Called on
  // Exec's thread, first with nothing, then with each piece of its standard output; what is written
  // goes to its standard input, until Close(). Standard error goes to the output alone.
  std::function<void(std::string_view, ExecInput&)> converse;
};

struct ExecResult {
  int exit_code = -1;      // 128 + signal when a signal ended it
  bool timed_out = false;  // ended by us, at the timeout or in its silence
  bool silent = false;     // in its silence
  bool output_truncated = false;
  std::string output;  // both streams in order; untrusted
  absl::Duration wall;
  // Which limit ended it, as a clause: "used more than the 4 GiB of memory that it may"; else "".
  std::string ended_by;
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
  // What the calls of models came to that its commands have made so far, where the calls go through
  // this daemon; none elsewhere. Any thread, also while a command runs.
  virtual ModelUsage Usage() { return {}; }
  // Leaves the workspace as it is when this object ends, for WorkspaceFactory::Reopen, until then.
  // FailedPrecondition for a kind that cannot.
  virtual Status Keep(absl::Time) {
    return FailedPrecondition("this kind of workspace is not kept for people");
  }
};

struct WorkspaceSpec {
  std::string task_id;
  std::string repository;  // the bare mirror's folder, from Mirror
  std::string commit;
  const Patch* patch = nullptr;  // applied and committed on top when given
  // Names of egress sets that its commands may use, and no other way out. Each is counted for this
  // workspace. Where the model of one is called, ModelUrlVariable() of it tells commands. A kind
  // without isolation has whatever the machine has, and no such variable.
  std::vector<std::string> network;
  // The code is of a fork, so anyone's. It lies upon nothing that other workspaces use, and gets no
  // egress set but those that are for forks. PermissionDenied by Open when this kind cannot promise
  // that, or another set is asked for.
  bool of_fork = false;
  // Told what was connected and refused while a command ran, one sentence a line, escaped. Called
  // by Exec, on its thread.
  std::function<void(const std::string& lines)> on_network;
  // Of its calls of models, all sets together, beside the caps of each set; 0: no cap. Beyond them
  // calls are refused, and one whose answer passes them is broken off.
  double max_usd = 0;
  std::int64_t max_tokens = 0;
  // What it may use. More than the configuration allows is cut to that; a kind that cannot hold a
  // limit says so where it is documented.
  WorkspaceLimits limits = kAsConfigured;
  // The configured workspace that the task was planned for, where there are several; "": the first.
  std::string workspace = {};
};

// Where a person finds a workspace that was kept on another machine.
struct KeptElsewhere {
  std::string command;  // a line for a shell of theirs that opens one there; "": the kind has none
  std::string page;     // about the machine, for a browser, or ""
  std::string folder;   // of the files, there
  absl::Time until;
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
  // The newest workspace of the task that was kept, as it was left; it stays kept when the object
  // ends. Only the task's id and the networks are read. NotFound when there is none; Unavailable
  // while somebody else has it open.
  virtual StatusOr<std::unique_ptr<Workspace>> Reopen(const WorkspaceSpec&, std::stop_token) {
    return FailedPrecondition("this kind of workspace is not kept for people");
  }
  // The way to the newest workspace of the task that was kept, where it is on another machine.
  // NotFound when none is: one that is on this machine is reopened. Asks no other machine.
  virtual StatusOr<KeptElsewhere> FindElsewhere(const std::string& task_id) {
    return NotFound("no workspace of task " + task_id + " is kept on another machine");
  }
  // Removes what a killed daemon left behind, and what was kept for long enough. Called before the
  // first Open, and now and then.
  virtual Status Reap() = 0;
};

}  // namespace regreen
