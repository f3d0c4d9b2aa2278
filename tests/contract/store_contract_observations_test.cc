// Each failure as one run showed it, for those who write policies.
#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

class Observations : public StoreContract {
 protected:
  void Show(const std::string& delivery, const DeliveryOutcome& outcome) {
    ASSERT_EQ(AcceptOne(MakeDelivery(delivery)), AcceptOutcome::kAccepted);
    const auto made = store_->FinishDelivery(ClaimDelivery(), outcome);
    ASSERT_TRUE(made.ok()) << Message(made.status());
  }
  std::vector<Observation> List(absl::Time since = absl::UnixEpoch(), std::int64_t after = 0,
                                int limit = 100) {
    const auto all = store_->ListObservations(since, after, limit);
    EXPECT_TRUE(all.ok()) << Message(all.status());
    return all.value_or(std::vector<Observation>());
  }
  std::vector<Observation> Find(const std::string& key) {
    const auto all = store_->FindObservations(key);
    EXPECT_TRUE(all.ok()) << Message(all.status());
    return all.value_or(std::vector<Observation>());
  }
};
INSTANTIATE_TEST_SUITE_P(Store, Observations, ::testing::ValuesIn(kStores), KindName);

TEST_P(Observations, HoldWhatTheRunShowedAndWhatWasSelected) {
  DeliveryOutcome outcome = Shows("k1", "1", MakePlan("lint"));
  Evidence& evidence = outcome.incidents[0].incident.evidence;
  evidence.command = "npm run lint";
  evidence.directory = "web";
  evidence.failed_tests = {"a", "b"};
  Show("d1", outcome);
  const auto all = List();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].at, clock_.Now());
  EXPECT_EQ(all[0].delivery_key, "d1");
  EXPECT_EQ(all[0].template_name, "lint");
  EXPECT_EQ(all[0].incident.run.key.run_id, "1");
  EXPECT_EQ(all[0].incident.evidence.command, "npm run lint");
  EXPECT_EQ(all[0].incident.evidence.directory, "web");
  EXPECT_EQ(all[0].incident.evidence.failed_tests.size(), 2u);
  const Task task = Read(all[0].task_id);
  EXPECT_EQ(task.plan.template_name, "lint");
  EXPECT_EQ(all[0].incident.id, task.incident_id);
}

TEST_P(Observations, AreKeptForEachRunAlsoForThoseThatJoined) {
  Show("d1", Shows("k1", "1", MakePlan("lint")));
  DeliveryOutcome joins = Shows("k1", "2", MakePlan("lint"));
  joins.incidents[0].incident.run.branch = "feature";
  Show("d2", joins);
  Show("d3", Shows("k2", "3", std::nullopt));
  const auto all = List();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].incident.run.key.run_id, "2");
  EXPECT_EQ(all[1].incident.run.branch, "feature") << "as this run showed it";
  EXPECT_EQ(all[1].task_id, "") << "it joined the first";
  EXPECT_EQ(all[1].template_name, "lint");
  EXPECT_EQ(all[1].incident.id, all[0].incident.id);
  EXPECT_EQ(all[2].template_name, "") << "none matched";
  EXPECT_EQ(all[2].task_id, "");
}

TEST_P(Observations, CountARunOnceAndLearnOfTheTaskThatALaterDeliveryMade) {
  Show("d1", Shows("k1", "1", std::nullopt));
  Show("d2", Shows("k1", "1", std::nullopt));
  ASSERT_EQ(List().size(), 1u);
  EXPECT_EQ(List()[0].task_id, "");
  Show("d3", Shows("k1", "1", MakePlan("lint")));
  ASSERT_EQ(List().size(), 1u);
  EXPECT_EQ(List()[0].delivery_key, "d1");
  EXPECT_EQ(List()[0].template_name, "lint");
  EXPECT_NE(List()[0].task_id, "");
}

TEST_P(Observations, AreListedByPageOldestFirst) {
  for (int i = 0; i < 5; ++i) {
    Show("d" + std::to_string(i), Shows("k" + std::to_string(i), "1", std::nullopt));
    clock_.Advance(absl::Minutes(1));
  }
  const absl::Time since = clock_.Now() - absl::Minutes(3);
  std::vector<std::string> keys;
  std::int64_t after = 0;
  for (auto page = List(since, after, 2); !page.empty(); page = List(since, after, 2)) {
    EXPECT_LE(page.size(), 2u);
    for (const Observation& observation : page) {
      EXPECT_GT(observation.id, after);
      after = observation.id;
      keys.push_back(observation.delivery_key);
    }
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"d2", "d3", "d4"}));
  EXPECT_TRUE(List(clock_.Now()).empty());
  EXPECT_TRUE(List(absl::UnixEpoch(), 0, 0).empty());
  EXPECT_TRUE(List(absl::UnixEpoch(), 0, -1).empty());
}

TEST_P(Observations, AreFoundByTheDeliverysKeyOrItsBeginning) {
  DeliveryOutcome two = Shows("k1", "1", std::nullopt);
  two.incidents.push_back(Shows("k2", "1", std::nullopt).incidents[0]);
  Show("abc-1", two);
  Show("abc-12", Shows("k3", "2", std::nullopt));
  Show("b'%_\xc3\xbc", Shows("k4", "3", std::nullopt));
  EXPECT_EQ(Find("abc-1").size(), 2u) << "a whole key, though it begins another";
  EXPECT_EQ(Find("abc-12").size(), 1u);
  EXPECT_EQ(Find("b'%").size(), 1u);
  EXPECT_EQ(store_->FindObservations("abc").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->FindObservations("").status().code(), StatusCode::kInvalidArgument);
  const Status unknown = store_->FindObservations("abd").status();
  EXPECT_EQ(unknown.code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(unknown), testing::HasSubstr("regreen decisions lists the deliveries"));
  EXPECT_EQ(store_->FindObservations("%").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace regreen
