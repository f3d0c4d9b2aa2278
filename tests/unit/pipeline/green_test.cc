// A green run: what is asked of the store and the forge, and what is answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/pipeline/collect.h"
#include "tests/unit/pipeline/collect_fakes.h"

namespace regreen {
namespace {

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
    auto forge = std::make_unique<CollectForge>();
    forge_ = forge.get();
    adapters_.forges["hub"] = std::move(forge);
    forge_->run.key = event_->run.key;
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
  CommitLine mirror_;
  FakeRecords records_;
  RunEvent* event_ = nullptr;
  CollectForge* forge_ = nullptr;
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
