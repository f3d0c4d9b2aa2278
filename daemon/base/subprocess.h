// Runs a program as a process group of its own, bounded in time and output. The child gets the
// given environment and nothing else, no descriptor but 0, 1, 2 and those listed, and dies with us.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/byte_sink.h"
#include "daemon/base/overlay.h"
#include "daemon/base/status.h"

namespace regreen {

struct ProcessSpec {
  std::vector<std::string> argv;  // argv[0] is a path, or looked up in our PATH
  std::vector<std::pair<std::string, std::string>> env;  // the whole environment
  std::string cwd;                                       // empty: ours
  std::string stdin_bytes;
  // Further input by descriptor: the child finds the bytes at exactly this descriptor number (≥ 3).
  std::vector<std::pair<int, std::string>> input_fds;
  // Descriptors of ours that the child shares, by its number (≥ 3) and ours; borrowed.
  std::vector<std::pair<int, int>> shared_fds;
  absl::Duration timeout = absl::Minutes(10);         // then it is ended
  absl::Duration silence = absl::InfiniteDuration();  // or when it prints nothing for so long
  // How it is ended when we end it, also when `stop` asks: SIGINT; when it is still there after
  // `grace`, SIGTERM; after `grace` again, SIGKILL of the whole group. Zero: SIGKILL at once.
  absl::Duration grace = absl::ZeroDuration();
  // Delivers SIGINT and SIGTERM where not the whole group is to get them; empty: it gets them.
  std::function<void(int signal)> deliver;
  std::size_t max_output_bytes = 4 << 20;  // stdout and stderr together; see below
  bool merge_stderr = false;               // stderr into stdout, in order
  struct Limits {                          // setrlimit in the child; 0: as ours
    std::uint64_t file_bytes = 0, open_files = 0, processes = 0, memory_bytes = 0, cpu_seconds = 0;
  } limits;
  int niceness = 0;    // 0 to 19, for it and all that it starts; from 1 on it also goes first
                       // where memory runs out
  int processors = 0;  // no more than so many of ours; 0: all
  int cgroup = -1;     // the folder of a cgroup v2 that it is started in; borrowed
  // Mounted before it runs, in a mount namespace of its own. FailedPrecondition when it is refused.
  std::optional<OverlayMount> overlay;
  // A pseudo-terminal's own end: the child's standard streams and its controlling terminal. What it
  // prints is not taken then. Borrowed; -1: none.
  int terminal = -1;
  // Called on the calling thread with each piece of output as it comes; may be empty.
  std::function<void(std::string_view)> on_output;
  // A program that is spoken with: its standard input stays open (stdin_bytes is not used). Called
  // on the calling thread, first with nothing, then with each piece of its standard output; what is
  // written goes to its standard input. Must not be called after RunProcess has returned.
  std::function<void(std::string_view, ByteSink&)> converse;
};

struct ProcessResult {
  int exit_code = -1;      // 128 + signal when a signal ended it, as shells say it
  bool timed_out = false;  // ended by us, at the timeout or in its silence
  bool silent = false;     // in its silence
  bool output_truncated =
      false;  // the middle was dropped: head and tail are kept, the cut is marked
  std::string out;
  std::string err;
  absl::Duration wall;
};

// Waits for the end. Cancelled when `stop` asks (the group is dead then); NotFound when the program
// is not there; a program that ran and failed is a result, not an error. Any thread, but the child
// is killed when the calling thread ends (PR_SET_PDEATHSIG): call from threads that live.
StatusOr<ProcessResult> RunProcess(const ProcessSpec& spec, std::stop_token stop = {});

// The path of a program in our PATH; NotFound.
StatusOr<std::string> FindProgram(std::string_view name);

}  // namespace regreen
