// A green attempt after a red one: what is asked of the forge, and what is answered to the store.
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

struct RecoveryCase {
  const char* name;
  bool foreign;
  int attempt;
  RunFacts known;        // by the forge
  const char* decision;  // "": the delivery is tried again later
  bool recovered;
  int reads;
};

RunFacts Known(bool completed, bool passed, std::string conclusion) {
  RunFacts run;
  run.completed = completed;
  run.passed = passed;
  run.conclusion = std::move(conclusion);
  return run;
}

TEST(Recovery, IsBelievedWhenTheForgeSaysSoToo) {
  const RecoveryCase cases[] = {
      {"green by its forge", false, 2, Known(true, true, "success"), "recovered", true, 1},
      {"cancelled by its forge", false, 2, Known(true, false, "cancelled"), "dropped", false, 1},
      {"not completed yet", false, 2, Known(false, false, ""), "", false, 1},
      {"a foreign run", true, 3, Known(true, false, "failure"), "recovered", true, 0},
      {"a first attempt", false, 1, Known(true, true, "success"), "ignored", false, 0},
  };
  for (const RecoveryCase& c : cases) {
    SCOPED_TRACE(c.name);
    Adapters adapters;
    auto ci = std::make_unique<FakeCi>();
    ci->event.passed = true;
    ci->event.conclusion = "success";
    ci->event.run.foreign = c.foreign;
    ci->event.run.key = {"hub", "acme/widget", "42", c.attempt};
    adapters.ci["ci"] = std::move(ci);
    auto forge = std::make_unique<FakeForge>();
    forge->run = c.known;
    const FakeForge& asked = *forge;
    adapters.forges["hub"] = std::move(forge);
    CollectDependencies dependencies;
    dependencies.adapters = &adapters;
    Delivery delivery;
    delivery.ci = "ci";
    delivery.key = "guid";

    const auto outcome = Collector(dependencies).Collect(delivery, {});
    EXPECT_EQ(asked.reads, c.reads);
    if (*c.decision == '\0') {
      EXPECT_EQ(outcome.status().code(), StatusCode::kUnavailable);
      continue;
    }
    ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
    ASSERT_EQ(outcome->decisions.size(), 1u);
    EXPECT_EQ(outcome->decisions[0].kind, c.decision);
    EXPECT_EQ(outcome->decisions[0].delivery_key, "guid");
    const std::optional<RunKey> run = RunKey{"hub", "acme/widget", "42", c.attempt};
    EXPECT_EQ(outcome->recovered, c.recovered ? run : std::nullopt);
    EXPECT_TRUE(outcome->incidents.empty());
  }
}

}  // namespace
}  // namespace regreen
