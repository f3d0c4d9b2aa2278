// What the rungs of a ladder work with, as plain fields.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/guard/rules.h"
#include "daemon/pipeline/repair.h"
#include "daemon/ports/agent.h"
#include "daemon/ports/forge.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

struct Notes final : public RepairLog {
  Status Note(std::string kind, std::string message) override {
    notes.push_back(kind + ": " + message);
    return status;
  }
  Status Keep(std::string name, std::string bytes) override {
    kept[name] = std::move(bytes);
    return status;
  }
  Status Extend(const std::string& name, std::string_view bytes) override {
    kept[name] += bytes;
    return status;
  }
  void Charge(const Spend& spend) override {
    if (spend.usd > 0) ++paid;
    spent.usd += spend.usd;
    spent.time += spend.time;
  }
  void NoteCharge(const std::string& message) override { charges.push_back(message); }
  void CountAgent(const AgentRun& run) override { runs.push_back(run); }
  std::vector<AgentRun> runs;
  std::vector<std::string> notes;
  std::map<std::string, std::string> kept;
  std::vector<std::string> charges;
  Spend spent;
  int paid = 0;  // how often money was told
  Status status;
};

inline std::shared_ptr<const GuardRules> SampleGuard() {
  Problems problems;
  const GuardSource source{
      "guard.toml",
      "[[protected]]\nname = \"ci-definition\"\nabout = \"defines what the CI runs\"\n"
      "paths = [\".github/workflows/**\"]\n"};
  auto rules = GuardRules::Load({&source, 1}, problems);
  EXPECT_FALSE(problems.has_errors()) << problems.Render();
  return rules;
}

inline MirrorFolder MirrorAt(std::string folder) {
  return [folder = std::move(folder)]() -> StatusOr<std::string> { return folder; };
}

// Does what the test says, and keeps what it was told.
struct FakeAgent final : public Agent {
  AgentLimits limits() const override { return limited; }
  std::string kind() const override { return "fake"; }
  std::string network() const override { return model_network; }
  StatusOr<AgentReport> Repair(Workspace& workspace, const Brief& brief, const EventSink& events,
                               std::stop_token) override {
    briefs.push_back(brief);
    AgentEvent event;
    event.text = "I look at it\n";
    events(event);
    if (told) told(events);
    return on_repair(workspace, brief);
  }
  std::function<void(const EventSink& events)> told;  // more that it does
  std::function<StatusOr<AgentReport>(Workspace&, const Brief&)> on_repair = [](Workspace&,
                                                                                const Brief&) {
    return AgentReport{AgentClaim::kFinished, "done", 0.25, {}};
  };
  AgentLimits limited;
  std::string model_network;
  std::vector<Brief> briefs;
};

struct ScriptedActions final : public ForgeActions {
  Status Rerun(const RunKey& run, std::stop_token) override {
    reruns.push_back(run);
    return rerun;
  }
  StatusOr<std::string> Tell(const Report& report, std::stop_token) override {
    reports.push_back(report);
    return tell;
  }
  Status MergeWhenGreen(const ChangeKey&, const std::string& commit, std::stop_token) override {
    merges.push_back(commit);
    return merge;
  }
  StatusOr<std::vector<std::string>> Labels(const std::string&, int, std::stop_token) override {
    return std::vector<std::string>();
  }
  Status rerun, merge;
  StatusOr<std::string> tell = std::string("https://github.example/comments/1");
  std::vector<RunKey> reruns;
  std::vector<Report> reports;
  std::vector<std::string> merges;
};

// Its runs are answered by the test; changes are as they were told to be.
struct ScriptedForge final : public Forge {
  StatusOr<RunFacts> ReadRun(const RunHint& hint, std::stop_token) override {
    hints.push_back(hint);
    const auto known = runs.find(hint.key.attempt);
    return known == runs.end() ? run : known->second;
  }
  StatusOr<JobLog> ReadLog(const RunHint&, const JobFacts&, std::stop_token) override {
    return NotFound("no log");
  }
  StatusOr<Change> EnsureChange(const ChangeRequest&, std::stop_token) override { return change; }
  StatusOr<ChangeState> ReadChange(const ChangeKey&, const ChangeRef&, std::stop_token) override {
    return change_state;
  }
  StatusOr<GitRemote> Remote(const std::string&) override { return GitRemote{"/remote", "", {}}; }
  ForgeActions* actions() override { return acts ? &fake_actions : nullptr; }

  StatusOr<RunFacts> run = Unavailable("not set");  // of attempts that are not in `runs`
  std::map<int, StatusOr<RunFacts>> runs;           // by attempt
  Change change{1, "https://github.example/pull/1", true};
  ChangeState change_state;
  ScriptedActions fake_actions;
  bool acts = true;
  std::vector<RunHint> hints;
};

}  // namespace regreen
