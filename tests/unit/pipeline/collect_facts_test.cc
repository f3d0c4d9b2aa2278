// What the collector finds out for selection beside the log, and only when templates ask for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/pipeline/collect.h"
#include "daemon/ports/forge_actions.h"
#include "tests/support/paths.h"
#include "tests/unit/pipeline/collect_fakes.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct FakeActions final : ForgeActions {
  StatusOr<std::vector<std::string>> labels = std::vector<std::string>{"bug"};
  int asked = 0;
  Status Rerun(const RunKey&, std::stop_token) override { return FailedPrecondition("no re-runs"); }
  StatusOr<std::string> Tell(const Report&, std::stop_token) override {
    return FailedPrecondition("no reports");
  }
  Status MergeWhenGreen(const ChangeKey&, const std::string&, std::stop_token) override {
    return FailedPrecondition("no merges");
  }
  StatusOr<std::vector<std::string>> Labels(const std::string& repo, int pull_request,
                                            std::stop_token) override {
    EXPECT_EQ(repo, "acme/widget");
    EXPECT_EQ(pull_request, 5);
    ++asked;
    return labels;
  }
};

struct FakePolicyRecords final : PolicyRecords {
  TemplateRecord record;
  std::vector<std::string> asked;
  StatusOr<std::vector<TemplateRecord>> ListTemplateRecords() override {
    return std::vector<TemplateRecord>{record};
  }
  StatusOr<TemplateRecord> ReadTemplateRecord(const std::string& name) override {
    asked.push_back(name);
    return record;
  }
  StatusOr<std::vector<Observation>> ListObservations(absl::Time, std::int64_t, int) override {
    return std::vector<Observation>();
  }
  StatusOr<std::vector<Observation>> FindObservations(const std::string&) override {
    return std::vector<Observation>();
  }
};

class Facts : public ::testing::Test {
 protected:
  Facts() {
    auto ci = std::make_unique<FakeCi>();
    ci->event.failed = true;
    ci->event.run.key = {"hub", "acme/widget", "42", 1};
    adapters_.ci["ci"] = std::move(ci);
    auto forge = std::make_unique<CollectForge>();
    forge_ = forge.get();
    adapters_.forges["hub"] = std::move(forge);
    RunFacts& run = forge_->run;
    run.key = {"hub", "acme/widget", "42", 1};
    run.completed = run.failed = true;
    run.conclusion = "failure";
    run.event = "pull_request";
    run.branch = "topic";
    run.base_branch = "main";
    run.pull_request = 5;
    run.commit = std::string(40, 'b');
    run.jobs = {{"7", "check", "failure", true, "Run the check", 2, ""}};
    forge_->log = "table.txt is out of date\n##[error]Process completed with exit code 2.\n";
    forge_->known_actions = &actions_;
    mirror_.changed = {"src/a.cc", "src/b.cc"};
  }

  // A template whose only condition, which holds, stands for one of this key.
  Template Asking(const std::string& key, const std::string& name = "t") {
    Problems problems;
    Template t = ReadTemplate("name = \"" + name +
                                  "\"\n[match]\nrepo = \"acme/*\"\n[[step]]\nrun = \"true\"\n"
                                  "[verify]\ncommand = \"make check\"\n",
                              "t.toml", problems);
    EXPECT_FALSE(problems.has_errors()) << problems.Render();
    t.match.at(0).key = key;
    return t;
  }

  StatusOr<DeliveryOutcome> Collect(std::vector<Template> templates) {
    Problems problems;
    auto policies =
        std::make_shared<Policies>(LoadPolicyFolder(SourceFolder() + "/policies", problems));
    policies->templates = std::make_shared<PolicySet>(std::move(templates), "digest");
    CollectDependencies dependencies;
    dependencies.adapters = &adapters_;
    dependencies.mirror = &mirror_;
    dependencies.records = &records_;
    dependencies.clock = &clock_;
    const LivePolicies live(policies, clock_.Now());
    dependencies.policies = &live;
    dependencies.policy_records = &policy_records_;
    dependencies.offers = offers_;
    Delivery delivery;
    delivery.ci = "ci";
    delivery.key = "guid";
    return Collector(dependencies).Collect(delivery, {});
  }

  Adapters adapters_;
  CommitLine mirror_;
  FakeRecords records_;
  FakeActions actions_;
  FakePolicyRecords policy_records_;
  std::vector<WorkspaceOffer> offers_;
  ManualClock clock_;
  CollectForge* forge_ = nullptr;
};

TEST_F(Facts, AreNotAskedForWhenNoTemplateDoes) {
  const auto outcome = Collect({Asking("repo")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_EQ(mirror_.fetches, 0);
  EXPECT_EQ(actions_.asked, 0);
  EXPECT_THAT(policy_records_.asked, IsEmpty());
  const IncidentOutcome& incident = outcome->incidents[0];
  EXPECT_TRUE(incident.plan.has_value());
  EXPECT_THAT(incident.incident.changed_paths, IsEmpty());
  EXPECT_THAT(incident.incident.labels, IsEmpty());
  EXPECT_EQ(incident.incident.at, clock_.Now());
}

TEST_F(Facts, AreFoundOutWhenATemplateAsks) {
  const auto outcome = Collect({Asking("path", "a"), Asking("label", "b")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  const Incident& incident = outcome->incidents[0].incident;
  EXPECT_THAT(incident.changed_paths, ElementsAre("src/a.cc", "src/b.cc"));
  EXPECT_THAT(incident.labels, ElementsAre("bug"));
  EXPECT_EQ(mirror_.most, 3000u);
}

TEST_F(Facts, ATemplateIsChosenOnlyWhereItsNetworkIsServed) {
  Template t = Asking("repo");
  t.needs.network = {"packages"};
  offers_ = {{"sandbox", {"model"}}};
  auto outcome = Collect({t});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_FALSE(outcome->incidents[0].plan.has_value());
  EXPECT_THAT(outcome->incidents[0].reason, HasSubstr("the network \"packages\""));
  offers_ = {{"sandbox", {"model", "packages"}}};
  outcome = Collect({t});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  ASSERT_TRUE(outcome->incidents[0].plan.has_value());
  EXPECT_THAT(outcome->incidents[0].plan->needs.network, ElementsAre("packages"));
}

TEST_F(Facts, LabelsAreOfPullRequestsAndOfForgesThatHaveThem) {
  forge_->known_actions = nullptr;
  auto outcome = Collect({Asking("label")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_THAT(outcome->incidents[0].incident.labels, IsEmpty());
  forge_->known_actions = &actions_;
  forge_->run.pull_request = 0;
  outcome = Collect({Asking("label")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_THAT(outcome->incidents[0].incident.labels, IsEmpty());
  EXPECT_EQ(actions_.asked, 0);
}

TEST_F(Facts, ThatCannotBeKnownLeaveTheFailureAlone) {
  actions_.labels = PermissionDenied("the token may not read them");
  const auto outcome = Collect({Asking("label")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_FALSE(outcome->incidents[0].plan.has_value());
  EXPECT_THAT(outcome->incidents[0].reason,
              AllOf(HasSubstr("the labels of the pull request"), HasSubstr("may not read")));
}

TEST_F(Facts, ThatMayBeKnownLaterMakeTheDeliveryWait) {
  actions_.labels = Unavailable("the forge is away");
  EXPECT_EQ(Collect({Asking("label")}).status().code(), StatusCode::kUnavailable);
}

struct StageCase {
  const char* name;
  double acceptance;  // that the gate asks
  std::int64_t merged, declined;
  const char* why;  // a part of it; "" when the stage is the template's own
};

TEST_F(Facts, ATemplateWhoseChangesAreDeclinedIsDemoted) {
  const StageCase cases[] = {
      {"no gate", 0, 0, 9, ""},
      {"good enough", 0.5, 2, 2, ""},
      {"too little is known", 0.5, 0, 2, ""},
      {"declined too often", 0.5, 1, 3, "counts as shadow instead of suggest"},
  };
  for (const StageCase& c : cases) {
    SCOPED_TRACE(c.name);
    Template t = Asking("repo", "gated");
    t.promote.acceptance = c.acceptance;
    policy_records_.record = {"gated"};
    policy_records_.record.merged = c.merged;
    policy_records_.record.declined = c.declined;
    const auto outcome = Collect({t});
    ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
    const IncidentOutcome& incident = outcome->incidents[0];
    ASSERT_TRUE(incident.plan.has_value()) << incident.reason;
    const bool demoted = *c.why != '\0';
    EXPECT_EQ(incident.demoted.empty(), !demoted);
    EXPECT_THAT(incident.demoted, HasSubstr(c.why));
  }
}

TEST_F(Facts, AFailureThatALaterAttemptMadeGoodIsRememberedAndDropped) {
  forge_->run.superseded = true;
  forge_->run.superseded_why = "attempt 2 of the run has begun";
  auto outcome = Collect({Asking("path")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_THAT(outcome->incidents, IsEmpty()) << "nothing good is known of the later attempt";

  forge_->run.passed_later = true;
  outcome = Collect({Asking("path")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  ASSERT_EQ(outcome->incidents.size(), 1u);
  EXPECT_TRUE(outcome->incidents[0].recovered);
  EXPECT_FALSE(outcome->incidents[0].plan.has_value());
  EXPECT_EQ(mirror_.fetches, 0);
  ASSERT_EQ(outcome->decisions.size(), 1u);
  EXPECT_EQ(outcome->decisions[0].kind, "dropped");
  EXPECT_THAT(outcome->decisions[0].reason, HasSubstr("attempt 2"));

  forge_->run.branch = "regreen/x-1";
  outcome = Collect({Asking("path")});
  ASSERT_TRUE(outcome.ok()) << Message(outcome.status());
  EXPECT_THAT(outcome->incidents, IsEmpty()) << "of a branch of ours";
}

}  // namespace
}  // namespace regreen
