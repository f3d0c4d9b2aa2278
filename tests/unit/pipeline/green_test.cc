// A green run: what is asked of the store and the forge, and what is answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/pipeline/collect.h"

namespace regreen {
namespace {

struct FakeCi final : CiSource {
  RunEvent event;
  Status Authenticate(const Headers&, std::string_view) const override { return OkStatus(); }
  StatusOr<Delivery> Describe(const Headers&, std::string) const override { return Delivery(); }
  StatusOr<Event> Decode(const Delivery&) const override { return Event(event); }
};

// Knows one run.
struct FakeForge final : Forge {
  RunFacts run;
  int reads = 0;
  StatusOr<RunFacts> ReadRun(const RunHint&, std::stop_token) override {
    ++reads;
    return run;
  }
  StatusOr<JobLog> ReadLog(const RunHint&, const JobFacts&, std::stop_token) override {
    return NotFound("no logs");
  }
  StatusOr<Change> EnsureChange(const ChangeRequest&, std::stop_token) override { return Change(); }
  StatusOr<ChangeState> ReadChange(const ChangeKey&, const ChangeRef&, std::stop_token) override {
    return ChangeState();
  }
  ForgeActions* actions() override { return nullptr; }
  StatusOr<GitRemote> Remote(const std::string&) override { return GitRemote(); }
};

// Knows what waits. What else a collector could ask it for is answered with nothing.
struct FakeRecords final : Records {
  GreenWaits waits;
  RunHint asked;
  StatusOr<std::vector<Task>> ListTasks(const TaskFilter&) override { return std::vector<Task>(); }
  StatusOr<Task> ReadTask(const std::string&) override { return NotFound("no task"); }
  StatusOr<std::vector<TimelineEntry>> ReadTimeline(const std::string&) override {
    return NotFound("no task");
  }
  StatusOr<std::string> ReadArtifact(const std::string&, const std::string&) override {
    return NotFound("no task");
  }
  StatusOr<std::vector<Decision>> ListDecisions(int) override { return std::vector<Decision>(); }
  StatusOr<StoreCounts> Count() override { return StoreCounts(); }
  StatusOr<History> ReadHistory(const RunKey&, const std::string&) override { return History(); }
  StatusOr<GreenWaits> WaitsForGreen(const RunHint& run) override {
    asked = run;
    return waits;
  }
};

// A line of commits a, b, c; the branch is at `tip`.
struct FakeMirror final : Mirror {
  std::string tip;
  int fetches = 0;
  bool gone = false;
  StatusOr<std::string> Ensure(const GitRemote&, const std::string&, std::stop_token) override {
    ++fetches;
    if (gone) return NotFound("forced away");
    return std::string("folder");
  }
  StatusOr<std::optional<std::string>> RemoteTip(const GitRemote&, const std::string&,
                                                 std::stop_token) override {
    return std::optional(tip);
  }
  StatusOr<std::string> ReadFileAt(const std::string&, const std::string&, const std::string&,
                                   std::size_t) override {
    return NotFound("no file");
  }
  StatusOr<std::vector<std::string>> ChangedPaths(const std::string&, const std::string&,
                                                  std::size_t) override {
    return std::vector<std::string>();
  }
  StatusOr<bool> Contains(const std::string&, const std::string& newer,
                          const std::string& older) override {
    return older <= newer;
  }
};

class Green : public ::testing::Test {
 protected:
  Green() {
    auto ci = std::make_unique<FakeCi>();
    event_ = &ci->event;
    event_->passed = true;
    event_->conclusion = "success";
    event_->run.key = {"hub", "acme/widget", "42", 1};
    event_->run.branch = "main";
    event_->run.commit = "b";
    event_->run.workflow = "CI";
    event_->run.event = "push";
    adapters_.ci["ci"] = std::move(ci);
    auto forge = std::make_unique<FakeForge>();
    forge_ = forge.get();
    adapters_.forges["hub"] = std::move(forge);
    forge_->run.completed = forge_->run.passed = true;
    forge_->run.conclusion = "success";
    forge_->run.branch = "main";
    forge_->run.commit = "b";
    forge_->run.workflow = "CI";
    forge_->run.event = "push";
  }

  StatusOr<DeliveryOutcome> Collect() {
    CollectDependencies dependencies;
    dependencies.adapters = &adapters_;
    dependencies.mirror = &mirror_;
    dependencies.records = &records_;
    Delivery delivery;
    delivery.ci = "ci";
    delivery.key = "guid";
    return Collector(dependencies).Collect(delivery, {});
  }

  Adapters adapters_;
  FakeMirror mirror_;
  FakeRecords records_;
  RunEvent* event_ = nullptr;
  FakeForge* forge_ = nullptr;
};

TEST_F(Green, IsIgnoredWithoutACallWhenNothingWaits) {
  const auto outcome = Collect();
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_EQ(forge_->reads, 0);
  EXPECT_EQ(mirror_.fetches, 0);
  EXPECT_FALSE(outcome->green.has_value());
  ASSERT_EQ(outcome->decisions.size(), 1u);
  EXPECT_EQ(outcome->decisions[0].kind, "ignored");
  EXPECT_EQ(records_.asked.key, event_->run.key);
}

struct RecoveryCase {
  const char* name;
  bool foreign;
  void (*known)(RunFacts&);  // by the forge
  const char* decision;      // "": the delivery is tried again later; nullptr: the store's
  int reads;
};

TEST_F(Green, IsBelievedWhenTheForgeSaysSoToo) {
  const auto as_told = [](RunFacts&) {};
  const auto cancelled = [](RunFacts& run) {
    run.passed = false;
    run.conclusion = "cancelled";
  };
  const auto running = [](RunFacts& run) { run.completed = run.passed = false; };
  const auto of_a_fork = [](RunFacts& run) { run.from_fork = true; };
  const RecoveryCase cases[] = {
      {"green by its forge", false, as_told, nullptr, 1},
      {"cancelled by its forge", false, cancelled, "dropped", 1},
      {"not completed yet", false, running, "", 1},
      {"of a fork", false, of_a_fork, "dropped", 1},
      {"a foreign run", true, cancelled, nullptr, 0},
  };
  records_.waits.flake = true;
  const RunFacts told = forge_->run;
  for (const RecoveryCase& c : cases) {
    SCOPED_TRACE(c.name);
    event_->run.foreign = c.foreign;
    forge_->run = told;
    forge_->reads = 0;
    c.known(forge_->run);
    const auto outcome = Collect();
    EXPECT_EQ(forge_->reads, c.reads);
    if (c.decision != nullptr && *c.decision == '\0') {
      EXPECT_EQ(outcome.status().code(), StatusCode::kUnavailable);
      continue;
    }
    ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
    EXPECT_TRUE(outcome->incidents.empty());
    EXPECT_EQ(outcome->green.has_value(), c.decision == nullptr);
    ASSERT_EQ(outcome->decisions.size(), c.decision == nullptr ? 0u : 1u);
    if (c.decision != nullptr) {
      EXPECT_EQ(outcome->decisions[0].kind, c.decision);
      EXPECT_EQ(outcome->decisions[0].delivery_key, "guid");
    } else {
      EXPECT_EQ(outcome->green->key, event_->run.key);
      EXPECT_EQ(outcome->green->commit, "b");
    }
  }
}

TEST_F(Green, AsksForOneRerunOfWhatInherited) {
  records_.waits.commits = {"a"};
  const auto outcome = Collect();
  ASSERT_TRUE(outcome.ok() && outcome->green);
  const Plan& plan = outcome->green->rerun;
  EXPECT_EQ(plan.template_name, "inherited");
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps[0].kind, StepKind::kRerun);
  EXPECT_EQ(plan.steps[0].times, 1);
  EXPECT_FALSE(NeedsWorkspace(plan));
}

struct OvertakenCase {
  const char* name;
  std::string tip;
  bool gone;
  std::vector<std::string> overtaken;
};

TEST_F(Green, OvertakesWhatItsCommitHolds) {
  records_.waits.commits = {"a", "b", "c"};
  const OvertakenCase cases[] = {
      {"older and same, not newer", "c", false, {"a", "b"}},
      {"a tip that someone forced", "b", false, {"a", "b", "c"}},
      {"a commit that was forced away", "c", true, {"b"}},
  };
  for (const OvertakenCase& c : cases) {
    SCOPED_TRACE(c.name);
    mirror_.tip = c.tip;
    mirror_.gone = c.gone;
    const auto outcome = Collect();
    ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
    EXPECT_EQ(outcome->green->overtaken, c.overtaken);
  }
}

}  // namespace
}  // namespace regreen
