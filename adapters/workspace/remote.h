// Workspaces that share no disk with us: somewhere a machine is made, a tree goes in by standard
// input, commands run, and what changed comes out by standard output. The kinds differ in how the
// machine is made and reached (RemoteEngine), not in this.
//
// The other side is hostile as soon as a command has run. What it says is taken for what it is: it
// can lie about the exit code and the output of its own commands, leave changes out, and put
// anything into files that it says it changed. Names, kinds, modes and sizes are checked on our
// side as those of a folder are (adapters/git/listed_scan.h); the patch is made on our side.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// A program of ours, on this machine. Its environment is the engine's affair.
struct LocalCommand {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;  // the whole of it
};

struct RemoteTraits {
  // Where workspaces are, there: absolute, or below "~/". The workspace NAME is the folder NAME in
  // it, made by us.
  std::string folder;
  // The machine is made for one workspace and ends with it, and all that our user runs there is the
  // workspace's: after a command everything is killed. Else only what carries the workspace's mark
  // in its environment, or is in the command's session: a hostile command can escape both, so that
  // such a machine is for code that its account may be trusted with.
  bool own_machine = false;
  // Variables of the machine that commands see besides PATH; "*" for all of them.
  std::vector<std::string> keep_env;
  std::vector<std::string> path;  // folders put in front of PATH there
};

struct RemoteRequest {
  std::string name;  // of the machine: [a-z0-9-], at most 32, unique; the prefix tells whose it is
  const WorkspaceSpec* spec = nullptr;
};

// A machine that was made.
struct RemoteMachine {
  std::vector<std::pair<std::string, std::string>> env;  // of its commands
  std::vector<std::string> wrap;                         // words put in front of them
  std::function<std::string()> take_notes;  // may be empty: for WorkspaceSpec::on_network
  std::function<ModelUsage()> usage;        // may be empty: for Workspace::Usage; any thread
  std::shared_ptr<void> held;               // what must live as long as the workspace
};

// How a person gets to a machine by an account of their own.
struct RemoteWayIn {
  std::vector<std::string> argv;  // of a shell there; empty: there is none
  std::string page;               // of the machine, for a browser, or ""
};

// Makes, reaches and ends machines. Any thread. Errors: Unavailable for what may pass.
class RemoteEngine {
 public:
  virtual ~RemoteEngine() = default;
  virtual RemoteTraits traits() const = 0;
  // As WorkspaceFactory::Probe.
  virtual Status Probe() = 0;
  // Returns when commands can be run. What was begun is destroyed by name when it fails.
  virtual StatusOr<RemoteMachine> Create(const RemoteRequest& request, std::stop_token stop) = 0;
  // The local program that runs these words on the machine, with its standard streams, no terminal,
  // and without adding to what they print. Where the words go through a shell over there, they are
  // quoted by this.
  virtual LocalCommand Command(const std::string& name,
                               const std::vector<std::string>& words) const = 0;
  // A shell for a person; none: an empty argv.
  virtual LocalCommand Attach(const std::string& name) const = 0;
  // For people who have accounts there. May ask the other side.
  virtual StatusOr<RemoteWayIn> WayIn(const std::string& name) {
    return RemoteWayIn{Attach(name).argv, ""};
  }
  // OK when there is none of this name. Called also for what another process of ours has made.
  virtual Status Destroy(const std::string& name) = 0;
  // The names that begin with the prefix, of all machines that are there.
  virtual StatusOr<std::vector<std::string>> List(const std::string& prefix) = 0;
};

struct RemoteOptions {
  std::string directory;  // of ours alone: one folder for each workspace that is in use
  std::string what;       // for messages: `the workspace "farm"`
};

// Names are regreen-INSTANCE-TASK-RANDOM; INSTANCE is kept in <directory>.instance, so that Reap
// ends the machines of this directory's daemon, but for those that a living process holds, those
// that are kept for people until their time is over, and no one else's.
std::unique_ptr<WorkspaceFactory> NewRemoteFactory(RemoteOptions options,
                                                   std::unique_ptr<RemoteEngine> engine);

// What a local client of an engine needs of our own environment: PATH, HOME, who we are, and those
// that are named, as far as they are set.
std::vector<std::pair<std::string, std::string>> ClientEnvironment(
    const std::vector<std::string>& names);

// Runs a shell script of ours over there.
struct RemoteCall {
  std::string name;             // of the machine
  std::string script;           // ends by `answer WORD`, see remote_script.h
  std::string input = {};       // on its standard input
  std::string input_file = {};  // and then what is in a file of ours
  absl::Duration timeout = absl::Minutes(2);
  std::size_t max_output_bytes = 1 << 20;
  // As those of ProcessSpec, of the script's own streams; what `answer` prints is in none of them.
  // Not with input_file.
  absl::Duration silence = absl::InfiniteDuration();
  absl::Duration grace = absl::ZeroDuration();
  std::function<void(int signal)> deliver = {};
  std::function<void(std::string_view)> on_output = {};
  std::function<void(std::string_view, ByteSink&)> converse = {};
};
struct RemoteAnswer {
  std::string word;  // "" when the time was over before there was any
  bool timed_out = false, silent = false;
  bool output_truncated = false;
  std::string out, err;
  absl::Duration wall;
};
// Unavailable when the other side went away without an answer; Cancelled.
StatusOr<RemoteAnswer> CallRemote(const RemoteEngine& engine, const RemoteCall& call,
                                  std::stop_token stop);

}  // namespace regreen
