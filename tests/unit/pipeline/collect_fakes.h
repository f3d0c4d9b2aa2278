// What a collector works with, as plain values.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/ports/ci_source.h"
#include "daemon/ports/forge.h"
#include "daemon/ports/repository.h"
#include "daemon/ports/store.h"

namespace regreen {

struct FakeCi final : CiSource {
  RunEvent event;
  Status Authenticate(const Headers&, std::string_view) const override { return OkStatus(); }
  StatusOr<Delivery> Describe(const Headers&, std::string) const override { return Delivery(); }
  StatusOr<Event> Decode(const Delivery&) const override { return Event(event); }
};

// Knows one run.
struct CollectForge final : Forge {
  RunFacts run;
  std::string log;  // of each job
  ForgeActions* known_actions = nullptr;
  int reads = 0;
  StatusOr<RunFacts> ReadRun(const RunHint&, std::stop_token) override {
    ++reads;
    return run;
  }
  StatusOr<JobLog> ReadLog(const RunHint&, const JobFacts&, std::stop_token) override {
    return JobLog{log, false};
  }
  StatusOr<Change> EnsureChange(const ChangeRequest&, std::stop_token) override { return Change(); }
  StatusOr<ChangeState> ReadChange(const ChangeKey&, const ChangeRef&, std::stop_token) override {
    return ChangeState();
  }
  ForgeActions* actions() override { return known_actions; }
  StatusOr<GitRemote> Remote(const std::string&) override { return GitRemote(); }
};

// Knows what waits. What else a collector could ask it for is answered with nothing.
struct FakeRecords final : Records {
  GreenWaits waits;
  RunHint asked;
  StatusOr<std::vector<Task>> ListTasks(const TaskFilter&) override { return std::vector<Task>(); }
  StatusOr<Task> ReadTask(const std::string&) override { return NotFound("no task"); }
  StatusOr<std::vector<TimelineEntry>> ReadTimelineAfter(const std::string&, std::int64_t,
                                                         int) override {
    return std::vector<TimelineEntry>();
  }
  StatusOr<std::vector<ArtifactRow>> ListArtifacts(const std::string&) override {
    return std::vector<ArtifactRow>();
  }
  StatusOr<std::vector<TimelineEntry>> ReadTimeline(const std::string&) override {
    return NotFound("no task");
  }
  StatusOr<std::string> ReadArtifact(const std::string&, const std::string&) override {
    return NotFound("no task");
  }
  StatusOr<std::vector<Decision>> ListDecisions(int) override { return std::vector<Decision>(); }
  StatusOr<StoreCounts> Count() override { return StoreCounts(); }
  StatusOr<History> ReadHistory(const RunKey&, const std::string&) override { return History(); }
  StatusOr<std::vector<std::string>> MergedTasks(const RunKey&, const std::string&, int) override {
    return std::vector<std::string>();
  }
  StatusOr<GreenWaits> WaitsForGreen(const RunHint& run) override {
    asked = run;
    return waits;
  }
};

// A line of commits a, b, c; the branch is at `tip`.
struct CommitLine final : Mirror {
  std::string tip;
  int fetches = 0;
  bool gone = false;
  std::vector<std::string> changed;
  std::size_t most = 0;  // of them, as it was asked
  StatusOr<std::string> Ensure(const GitRemote&, const std::string&, std::stop_token) override {
    ++fetches;
    if (gone) return NotFound("forced away");
    return std::string("folder");
  }
  StatusOr<std::optional<std::string>> RemoteTip(const GitRemote&, const std::string&,
                                                 std::stop_token) override {
    return std::optional(tip);
  }
  StatusOr<ResolvedRef> Resolve(const GitRemote&, const std::string&, std::stop_token) override {
    return NotFound("no ref");
  }
  StatusOr<std::string> ReadFileAt(const std::string&, const std::string&, const std::string&,
                                   std::size_t) override {
    return NotFound("no file");
  }
  StatusOr<std::vector<std::string>> ChangedPaths(const std::string&, const std::string&,
                                                  std::size_t max) override {
    most = max;
    return changed;
  }
  StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolderAt(
      const std::string&, const std::string&, const std::string&, const FolderLimits&) override {
    return NotFound("no folder");
  }
  StatusOr<bool> Contains(const std::string&, const std::string& newer,
                          const std::string& older) override {
    return older <= newer;
  }
};

}  // namespace regreen
