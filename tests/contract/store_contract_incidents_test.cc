// Incidents: one open one for each key, one task for each, whatever arrives at the same time.
#include <atomic>
#include <set>
#include <thread>

#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

class IncidentContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Store, IncidentContract, ::testing::ValuesIn(kStores), KindName);

TEST_P(IncidentContract, MakesATaskWhereATemplateMatched) {
  const std::vector<std::string> made = Deliver(Shows("k", "1", MakePlan()));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].size(), 12u);
  EXPECT_EQ(made[0].find_first_not_of("0123456789abcdef"), std::string::npos);
  const Task task = Read(made[0]);
  EXPECT_EQ(task.state, TaskState::kQueued);
  EXPECT_EQ(task.attempt, 1);
  EXPECT_EQ(task.reason, "the template matched");
  EXPECT_EQ(task.created_at, clock_.Now());
  EXPECT_FALSE(task.incident_id.empty());
  EXPECT_EQ(task.incident.id, task.incident_id);
  EXPECT_EQ(task.incident.run.key, (RunKey{"github", "acme/shop", "1", 1}));
  EXPECT_EQ(task.incident.evidence.signature, "npm ci: lock file out of date");
  EXPECT_EQ(task.plan.template_name, "npm-lockfile-drift");
  ASSERT_EQ(task.plan.steps.size(), 1u);
  EXPECT_EQ(task.plan.steps[0].timeout, absl::Minutes(3));

  const auto decisions = store_->ListDecisions(1);
  ASSERT_TRUE(decisions.ok());
  ASSERT_EQ(decisions->size(), 1u);
  EXPECT_EQ(decisions->front().kind, "selected");
  EXPECT_EQ(decisions->front().task_id, task.id);
  EXPECT_EQ(decisions->front().incident_id, task.incident_id);
  EXPECT_EQ(decisions->front().run, "github/acme/shop/1/1");
  EXPECT_EQ(decisions->front().delivery_key, "delivery-1");
}

TEST_P(IncidentContract, HoldsATaskThatAPersonMustApprove) {
  DeliveryOutcome outcome = Shows("k", "1", MakePlan());
  outcome.incidents[0].hold = true;
  const std::vector<std::string> made = Deliver(outcome);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(Read(made[0]).state, TaskState::kHeld);
  EXPECT_TRUE(NoTaskIsDue());
}

TEST_P(IncidentContract, CountsANewRunOfAnOpenIncidentAsAnOccurrence) {
  ASSERT_EQ(Deliver(Shows("k", "1", MakePlan())).size(), 1u);
  EXPECT_TRUE(Deliver(Shows("k", "2", MakePlan())).empty());
  EXPECT_TRUE(Deliver(Shows("k", "3", std::nullopt)).empty());
  EXPECT_EQ(CountDecisions("occurrence"), 2);
  EXPECT_EQ(CountDecisions("selected"), 1);
  EXPECT_EQ(store_->ListTasks({})->size(), 1u);
}

TEST_P(IncidentContract, CountsARunOnceHoweverManyDeliveriesTellOfIt) {
  ASSERT_EQ(Deliver(Shows("k", "1", MakePlan())).size(), 1u);
  EXPECT_TRUE(Deliver(Shows("k", "1", MakePlan())).empty());
  EXPECT_TRUE(Deliver(Shows("k", "2", MakePlan())).empty());
  EXPECT_TRUE(Deliver(Shows("k", "2", MakePlan())).empty());
  EXPECT_EQ(CountDecisions("occurrence"), 1);
  EXPECT_EQ(CountDecisions("ignored"), 2);
}

TEST_P(IncidentContract, CountsAnotherAttemptOfARunAsANewOne) {
  ASSERT_EQ(Deliver(Shows("k", "1", MakePlan())).size(), 1u);
  DeliveryOutcome second = Shows("k", "1", MakePlan());
  second.incidents[0].incident.run.key.attempt = 2;
  EXPECT_TRUE(Deliver(second).empty());
  EXPECT_EQ(CountDecisions("occurrence"), 1);
}

TEST_P(IncidentContract, KeepsAFailureThatNoTemplateMatchedAndSelectsForItLater) {
  EXPECT_TRUE(Deliver(Shows("k", "1", std::nullopt)).empty());
  EXPECT_EQ(CountDecisions("unmatched"), 1);
  EXPECT_TRUE(Deliver(Shows("k", "2", std::nullopt)).empty());
  EXPECT_EQ(CountDecisions("occurrence"), 1);

  const std::vector<std::string> made = Deliver(Shows("k", "3", MakePlan()));
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(Read(made[0]).incident.run.key.run_id, "3") << "it repairs what was selected for";
  EXPECT_TRUE(Deliver(Shows("k", "4", MakePlan())).empty());
  EXPECT_EQ(CountDecisions("occurrence"), 2);
}

TEST_P(IncidentContract, KeepsFailuresWithOtherKeysApart) {
  DeliveryOutcome both = Shows("k1", "1", MakePlan());
  both.incidents.push_back(Shows("k2", "1", MakePlan()).incidents[0]);
  EXPECT_EQ(Deliver(both).size(), 2u);
  const auto tasks = store_->ListTasks({});
  ASSERT_TRUE(tasks.ok());
  ASSERT_EQ(tasks->size(), 2u);
  EXPECT_NE((*tasks)[0].incident_id, (*tasks)[1].incident_id);
}

TEST_P(IncidentContract, OpensANewOneWhenTheTaskHasEnded) {
  const std::vector<std::string> first = Deliver(Shows("k", "1", MakePlan()));
  ASSERT_EQ(first.size(), 1u);
  ASSERT_TRUE(store_->Move(first[0], TaskState::kCancelled, "not now").ok());
  const std::vector<std::string> second = Deliver(Shows("k", "2", MakePlan()));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_NE(second[0], first[0]);
  EXPECT_NE(Read(second[0]).incident_id, Read(first[0]).incident_id);
}

TEST_P(IncidentContract, IgnoresALateDeliveryOfARunWhoseTaskHasEnded) {
  const std::vector<std::string> made = Deliver(Shows("k", "1", MakePlan()));
  ASSERT_EQ(made.size(), 1u);
  ASSERT_TRUE(store_->Move(made[0], TaskState::kCancelled, "not now").ok());
  EXPECT_TRUE(Deliver(Shows("k", "1", MakePlan())).empty());
  EXPECT_EQ(CountDecisions("ignored"), 1);
}

TEST_P(IncidentContract, OpensOneIncidentWhenFourThreadsSeeTheFailureAtOnce) {
  constexpr int kThreads = 4, kEach = 12;
  std::vector<NewDelivery> batch;
  for (int i = 0; i < kThreads * kEach; ++i) batch.push_back(MakeDelivery("d" + std::to_string(i)));
  ASSERT_TRUE(store_->Accept(batch).ok());

  std::atomic<int> tasks = 0, finished = 0, errors = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        auto lease = store_->ClaimDelivery("w" + std::to_string(thread), kTtl);
        if (!lease.ok() || !*lease) {
          ++errors;
          continue;
        }
        const auto made = store_->FinishDelivery(
            **lease, Shows("k" + std::to_string(i % 3), (*lease)->delivery.key, MakePlan()));
        if (!made.ok()) {
          ++errors;
          continue;
        }
        ++finished;
        tasks += static_cast<int>(made->size());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(errors, 0);
  EXPECT_EQ(finished, kThreads * kEach);
  EXPECT_EQ(tasks, 3) << "one for each key";
  EXPECT_EQ(CountDecisions("selected"), 3);
  EXPECT_EQ(CountDecisions("occurrence"), kThreads * kEach - 3);
}

TEST_P(IncidentContract, LeasesEachTaskOnceWhenTwoProcessesClaimAtOnce) {
  constexpr int kTasks = 24;
  for (int i = 0; i < kTasks; ++i) MakeTask();
  const std::unique_ptr<Store> other = Open();
  ASSERT_NE(other, nullptr);
  std::vector<std::string> claimed[2];
  std::atomic<int> errors = 0;
  const auto work = [&](Store& store, std::vector<std::string>& ids) {
    while (true) {
      const auto lease = store.ClaimTask("w", kTtl);
      if (!lease.ok()) ++errors;
      if (!lease.ok() || !*lease) return;
      ids.push_back((*lease)->task.id);
    }
  };
  std::thread first([&] { work(*store_, claimed[0]); });
  std::thread second([&] { work(*other, claimed[1]); });
  first.join();
  second.join();
  EXPECT_EQ(errors, 0);
  std::set<std::string> ids(claimed[0].begin(), claimed[0].end());
  ids.insert(claimed[1].begin(), claimed[1].end());
  EXPECT_EQ(claimed[0].size() + claimed[1].size(), static_cast<std::size_t>(kTasks));
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kTasks));
}

}  // namespace
}  // namespace regreen
