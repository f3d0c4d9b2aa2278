// How long a workspace takes: workspace_bench MIRROR OLDER-COMMIT COMMIT FOLDER RUNS
// FORWARDER. Prints the medians of opening one upon a cached base, of the same with a patch of one
// file, of one command in it, and of what that costs more than without a sandbox; and how long the
// two base trees took.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "adapters/git/tree.h"
#include "adapters/workspace/kinds.h"
#include "adapters/workspace/registry.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

template <class T>
T Must(StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "workspace_bench: %s\n", Message(value.status()).c_str());
  std::exit(1);
}

double Milliseconds(const std::function<void()>& work) {
  const absl::Time start = absl::Now();
  work();
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

// What the first costs more than the second, in pairs, so that the machine's mood hits both.
double MedianDifference(int runs, const std::function<void()>& first,
                        const std::function<void()>& second) {
  std::vector<double> differences;
  for (int i = 0; i < runs; ++i) differences.push_back(Milliseconds(first) - Milliseconds(second));
  std::sort(differences.begin(), differences.end());
  return differences[differences.size() / 2];
}

double Median(int runs, const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) times.push_back(Milliseconds(work));
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

int Run(char** argv) {
  const std::string mirror = argv[1], older = argv[2], commit = argv[3];
  const int runs = std::max(1, std::atoi(argv[5]));
  WorkspaceOptions options;
  options.directory = Cat(argv[4], "/workspaces");
  options.networks["packages"].allow = {"registry.example:443"};
  options.forwarder = argv[6];
  const auto factory = Must(CreateWorkspaceFactory(options));
  if (const Status probe = factory->Probe(); !probe.ok()) Must(StatusOr<int>(probe));
  const auto open = [&](const std::string& at, const Patch* patch) {
    return Must(factory->Open({"bench", mirror, at, patch}, {}));
  };
  std::printf("base tree, checked out: %.0f ms\n", Milliseconds([&] { open(older, nullptr); }));
  std::printf("base tree, made of the older one: %.0f ms\n",
              Milliseconds([&] { open(commit, nullptr); }));
  const auto workspace = open(commit, nullptr);
  ExecSpec change{"echo changed > changed-by-the-benchmark"};
  Must(workspace->Exec(change, {}));
  const Patch patch = Must(workspace->Capture({}));
  std::printf("workspace, base cached: %.3f ms\n", Median(runs, [&] { open(commit, nullptr); }));
  std::printf("workspace with a patch, base cached: %.3f ms\n",
              Median(runs, [&] { open(commit, &patch); }));
  const ExecSpec nothing{"true"};
  std::printf("one command in it: %.3f ms\n",
              Median(runs, [&] { Must(workspace->Exec(nothing, {})); }));
  ProcessSpec plain;
  plain.argv = {"/bin/bash", "-e", "-o", "pipefail", "-c", "true"};
  plain.niceness = kWorkspaceNiceness;
  const auto without = [&] { Must(RunProcess(plain)); };
  std::printf("sandbox over a plain process (goal: 15): %.3f ms\n",
              MedianDifference(
                  runs, [&] { Must(workspace->Exec(nothing, {})); }, without));
  const auto connected = Must(factory->Open(
      {.task_id = "bench", .repository = mirror, .commit = commit, .network = {"packages"}}, {}));
  std::printf("the same with a way out (goal: 15): %.3f ms\n",
              MedianDifference(
                  runs, [&] { Must(connected->Exec(nothing, {})); }, without));
  std::printf("capture of one changed file: %.3f ms\n",
              Median(runs, [&] { Must(workspace->Capture({})); }));
  return 0;
}

}  // namespace
}  // namespace regreen

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr,
                 "usage: workspace_bench MIRROR OLDER-COMMIT COMMIT FOLDER RUNS FORWARDER\n");
    return 2;
  }
  return regreen::Run(argv);
}
